package runtimetest_test

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hearth-faas/hearth/runtime/kinds"
	"github.com/hearth-faas/hearth/runtime/runtimetest"
)

var (
	imageFlag    = flag.String("image", "", "test this image instead of those of the embedded manifest")
	languageFlag = flag.String("language", "", "the language of -image: nodejs, python, go, native …")
)

// image is one to test.
type image struct {
	name     string
	language string
	foreign  bool
}

// images are those of the manifest, or the one that the flags name.
func images(t *testing.T) []image {
	t.Helper()
	if *imageFlag != "" {
		kind, _ := kinds.Default().Blackbox(*imageFlag)
		foreign := !strings.HasPrefix(filepath.Base(*imageFlag), "runtime-")
		return []image{{name: *imageFlag, language: *languageFlag, foreign: kind.Foreign && foreign}}
	}
	var all []image
	for _, family := range kinds.Default().Families() {
		for _, k := range family.Kinds {
			all = append(all, image{name: k.Image, language: family.Name, foreign: k.Foreign})
		}
	}
	return append(all, image{name: "hearth/runtime-native:1", language: "native"})
}

// TestImages is the suite: what holds for each language.
func TestImages(t *testing.T) {
	t.Parallel()
	for _, i := range images(t) {
		t.Run(strings.ReplaceAll(i.name, "/", "_"), func(t *testing.T) {
			t.Parallel()
			source, ok := sources[i.language]
			if !ok {
				t.Fatalf("the suite has no action in language %q", i.language)
			}
			t.Run("keeps the rules of init", func(t *testing.T) { t.Parallel(); testInit(t, i, source) })
			t.Run("runs an action", func(t *testing.T) { t.Parallel(); testRun(t, i, source) })
			t.Run("says that an action ended", func(t *testing.T) { t.Parallel(); testExit(t, i, source) })
			t.Run("says that code is wrong", func(t *testing.T) { t.Parallel(); testWrongCode(t, i) })
			if source.zip != nil {
				t.Run("takes a zip file and another entry point", func(t *testing.T) { t.Parallel(); testZip(t, i, source) })
			}
		})
	}
}

func (i image) start(t *testing.T, env ...string) *runtimetest.Container {
	t.Helper()
	return runtimetest.Start(t, i.name, runtimetest.Options{Foreign: i.foreign, Env: env})
}

// load is an init that must work.
func load(t *testing.T, c *runtimetest.Container, value map[string]any) {
	t.Helper()
	if a := c.Init(value); a.Status != 200 {
		t.Fatalf("init: got %d %.2000s, want 200", a.Status, a.Body)
	}
}

func testInit(t *testing.T, i image, source source) {
	c := i.start(t)
	if a := c.Run(map[string]any{}); a.Status == 200 || a.Error() == "" {
		t.Errorf("run before init: got %d %s, want an error", a.Status, a.Body)
	}
	if i.language != "native" {
		if a := c.Init(map[string]any{}); a.Status != 403 || a.Error() != "Missing main/no code to execute." {
			t.Errorf("init without code: got %d %s, want 403", a.Status, a.Body)
		}
	}
	load(t, c, source.value())
	if a := c.Init(source.value()); a.Status != 403 || a.Error() != "Cannot initialize the action more than once." {
		t.Errorf("second init: got %d %s, want 403", a.Status, a.Body)
	}
	if got := c.Run(do("echo", "x", 1)).Result(t); got["x"] != 1.0 {
		t.Errorf("run after the second init: got %v", got)
	}
}

// do is a request to the action of sources: what to do, and anything else.
func do(what string, more ...any) map[string]any {
	value := map[string]any{"do": what}
	for n := 0; n < len(more); n += 2 {
		value[fmt.Sprint(more[n])] = more[n+1]
	}
	return value
}

func testRun(t *testing.T, i image, source source) {
	c := i.start(t)
	value := source.value()
	value["env"] = map[string]any{"FROM_INIT": "a=b=c", "__OW_API_KEY": "from init"}
	load(t, c, value)
	activation := 0
	run := func(value any) runtimetest.Answer {
		t.Helper()
		a := c.Run(value)
		activation++
		return a
	}

	const text = "grüße, 世界 🌍 \u2028 \"\\\n\t"
	if got := run(do("echo", "text", text)).Result(t); got["text"] != text {
		t.Errorf("text: got %q, want %q", got["text"], text)
	}
	large := strings.Repeat("0123456789abcdef", 1<<16)
	if got := run(do("echo", "text", large)).Result(t); got["text"] != large {
		t.Errorf("1 MB of text: got %d bytes back", len(fmt.Sprint(got["text"])))
	}
	if a := run(do("array")); a.Status != 200 || strings.Join(strings.Fields(a.Body), "") != `[1,"two",{"three":3}]` {
		t.Errorf("array: got %d %s", a.Status, a.Body)
	}
	env := run(do("env")).Result(t)
	for name, want := range map[string]string{
		"FROM_INIT": "a=b=c", "__OW_API_KEY": "id:key", "__OW_NAMESPACE": "guest", "__OW_ACTION_NAME": "/guest/test",
		"__OW_ACTIVATION_ID": "0123456789abcdef0123456789abcdef", "__OW_DEADLINE": "1900000000000",
	} {
		if env[name] != want {
			t.Errorf("variable %s: got %v, want %s", name, env[name], want)
		}
	}
	if a := run(do("error")); a.Status != 200 || a.Error() != "no" {
		t.Errorf("error of the action: got %d %s", a.Status, a.Body)
	}
	if a := run(do("scalar")); a.Status != 502 || !strings.HasPrefix(a.Error(), "The action did not return a dictionary") {
		t.Errorf("scalar: got %d %s, want 502", a.Status, a.Body)
	}

	run(do("log"))
	stdout, stderr := c.Logs(activation - 1)
	if stdout != "to stdout ü\n" || stderr != "to stderr ü\n" {
		t.Errorf("logs: got %q and %q", stdout, stderr)
	}
	run(do("burst"))
	stdout, _ = c.Logs(activation - 1)
	if want := burst(); stdout != want {
		t.Errorf("burst: got %d lines and %d bytes, want %d lines and %d bytes", strings.Count(stdout, "\n"), len(stdout), strings.Count(want, "\n"), len(want))
	}
	if got := run(do("echo", "x", 1)).Result(t); got["x"] != 1.0 {
		t.Errorf("run after all that: got %v", got)
	}
	a := run(do("throw"))
	stdout, stderr = c.Logs(activation - 1)
	if a.Status != source.throwStatus || a.Error() == "" || !strings.Contains(a.Body+stdout+stderr, "thrown") {
		t.Errorf("exception: got %d %s, want %d", a.Status, a.Body, source.throwStatus)
	}
}

// burst is what the action writes when asked for it.
func burst() string {
	var all strings.Builder
	for n := range 1000 {
		fmt.Fprintf(&all, "line %d %s\n", n, strings.Repeat("x", 200))
	}
	return all.String()
}

func testExit(t *testing.T, i image, source source) {
	c := i.start(t)
	load(t, c, source.value())
	a := c.Run(do("exit"))
	if a.Status == 200 {
		t.Errorf("exit: got %d %s, want no result", a.Status, a.Body)
	}
	stdout, _ := c.Logs(0)
	if strings.TrimSuffix(stdout, "\n") != "last words" {
		t.Errorf("output without a newline before exit: got %q", stdout)
	}
}

func testWrongCode(t *testing.T, i image) {
	c := i.start(t)
	a := c.Init(map[string]any{"name": "test", "main": "main", "binary": true, "code": zipped(t, map[string]string{"README": "no code"})})
	if a.Status != 502 || a.Error() == "" {
		t.Errorf("zip without code: got %d %s, want 502 and an error", a.Status, a.Body)
	}
	if !i.foreign {
		c.Logs(0)
	}
}

func testZip(t *testing.T, i image, source source) {
	c := i.start(t)
	load(t, c, map[string]any{"name": "test", "main": source.zipMain, "binary": true, "code": zipped(t, source.zip)})
	if got := c.Run(map[string]any{"name": "zip"}).Result(t); got["greeting"] != "hello zip" {
		t.Errorf("got %v", got)
	}
}

func zipped(t *testing.T, files map[string]string) string {
	t.Helper()
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for name, content := range files {
		f, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(buf.Bytes())
}
