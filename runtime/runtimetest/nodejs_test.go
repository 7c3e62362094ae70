package runtimetest_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/hearth-faas/hearth/runtime/kinds"
	"github.com/hearth-faas/hearth/runtime/runtimetest"
)

func startKind(t *testing.T, kind string, env ...string) *runtimetest.Container {
	t.Helper()
	k, ok := kinds.Default().Resolve(kind)
	if !ok {
		t.Fatalf("no kind %s", kind)
	}
	return runtimetest.Start(t, k.Image, runtimetest.Options{Env: env})
}

func code(text, main string) map[string]any {
	return map[string]any{"name": "test", "main": main, "code": text}
}

func TestNodeEntryPoints(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		init map[string]any
		want string
	}{
		"an exported function":             {code(`exports.hi = () => ({a: 1})`, "hi"), `{"a":1}`},
		"a member of an object":            {code(`const lib = {hi: () => ({a: 1})}`, "lib.hi"), `{"a":1}`},
		"an asynchronous function":         {code(`async function main() { await new Promise(r => setTimeout(r, 5)); return {a: 1} }`, "main"), `{"a":1}`},
		"an ECMAScript module":             {code("import os from 'node:os'\nexport async function main() { return {a: os.EOL.length} }", "main"), `{"a":1}`},
		"a default export":                 {code("export default () => ({a: 1})\nawait null", "main"), `{"a":1}`},
		"a function that imports":          {code(`const main = async () => ({a: (await import('node:os')).EOL.length})`, "main"), `{"a":1}`},
		"a function that returns nothing":  {code(`function main() {} // the end`, "main"), `{}`},
		"a rejected promise":               {code(`function main() { return Promise.reject({a: 1}) }`, "main"), `{"error":{"a":1}}`},
		"a rejected promise, no reason":    {code(`function main() { return Promise.reject() }`, "main"), `{"error":{}}`},
		"the installed openwhisk client":   {code(`const main = () => ({a: typeof require('openwhisk')})`, "main"), `{"a":"function"}`},
		"a zip with a module and function": {map[string]any{"main": "lib/a.hi", "binary": true, "code": zipped(t, map[string]string{"lib/a.js": "exports.hi = () => ({a: 1})"})}, `{"a":1}`},
		"a zip of ECMAScript modules": {map[string]any{"main": "main", "binary": true, "code": zipped(t, map[string]string{
			"package.json": `{"type": "module", "main": "index.js"}`, "index.js": "import {a} from './b.js'\nexport const main = () => ({a})", "b.js": "export const a = 1"})}, `{"a":1}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := startKind(t, "nodejs:default")
			load(t, c, tt.init)
			if a := c.Run(map[string]any{}); a.Status != 200 || a.Body != tt.want {
				t.Errorf("got %d %s, want %s", a.Status, a.Body, tt.want)
			}
		})
	}
}

func TestNodeFailures(t *testing.T) {
	t.Parallel()
	t.Run("init tells the reason", func(t *testing.T) {
		t.Parallel()
		c := startKind(t, "nodejs:default")
		a := c.Init(code("function main( {", "main"))
		if a.Status != 502 || !strings.HasPrefix(a.Error(), "Initialization has failed due to: ") || !strings.Contains(a.Error(), "SyntaxError") {
			t.Errorf("got %d %s", a.Status, a.Body)
		}
		c.Logs(0)
	})
	t.Run("init wants a function", func(t *testing.T) {
		t.Parallel()
		a := startKind(t, "nodejs:default").Init(code("const main = 5", "main"))
		if a.Status != 502 || a.Error() != "Initialization has failed due to: Action entrypoint 'main' is not a function." {
			t.Errorf("got %d %s", a.Status, a.Body)
		}
	})
	t.Run("an exception stops the action", func(t *testing.T) {
		t.Parallel()
		c := startKind(t, "nodejs:default")
		load(t, c, code("function main() { throw new Error('boom') }", "main"))
		if a := c.Run(map[string]any{}); a.Status != 502 || a.Error() != "An error has occurred: Error: boom" {
			t.Errorf("got %d %s", a.Status, a.Body)
		}
		if a := c.Run(map[string]any{}); a.Status != 403 || a.Error() != "System not ready, status is stopped." {
			t.Errorf("next run: got %d %s", a.Status, a.Body)
		}
	})
	t.Run("an exception that nobody can catch ends the activation", func(t *testing.T) {
		t.Parallel()
		c := startKind(t, "nodejs:default")
		load(t, c, code("function main() { setTimeout(() => { throw new Error('late') }, 5); return new Promise(() => {}) }", "main"))
		if a := c.Run(map[string]any{}); a.Status != 502 || a.Error() != "An error has occurred: Error: late" {
			t.Errorf("got %d %s", a.Status, a.Body)
		}
	})
}

func TestNodeConcurrency(t *testing.T) {
	t.Parallel()
	// Each call waits for the one with the number after its own.
	const meeting = `const doors = {}
const door = (n) => (doors[n] ??= Promise.withResolvers())
async function main({n, last}) { door(n).resolve(); if (n < last) await door(n + 1).promise; return {n} }`

	t.Run("runs at the same time where it may", func(t *testing.T) {
		t.Parallel()
		const calls = 10
		c := startKind(t, "nodejs:default", "__OW_ALLOW_CONCURRENT=true")
		load(t, c, code(meeting, "main"))
		var all sync.WaitGroup
		for n := range calls {
			all.Go(func() {
				if a := c.Run(map[string]any{"n": n, "last": calls - 1}); a.Status != 200 || a.Body != fmt.Sprintf(`{"n":%d}`, n) {
					t.Errorf("got %d %s", a.Status, a.Body)
				}
			})
		}
		all.Wait()
		c.Logs(calls - 1)
	})
	t.Run("refuses a second run elsewhere", func(t *testing.T) {
		t.Parallel()
		c := startKind(t, "nodejs:default")
		load(t, c, code("const main = async () => { console.log('here'); await new Promise(r => globalThis.go = r); return {} }", "main"))
		var first sync.WaitGroup
		refused := make(chan runtimetest.Answer, 2)
		for range 2 {
			first.Go(func() { refused <- c.Run(map[string]any{}) })
		}
		// One of the two waits for ever; the other must be turned away.
		if a := <-refused; a.Status != 403 || a.Error() != "System not ready, status is running." {
			t.Errorf("got %d %s", a.Status, a.Body)
		}
		c.Kill()
		first.Wait()
	})
}
