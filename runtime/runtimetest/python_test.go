package runtimetest_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hearth-faas/hearth/runtime/runtimetest"
)

// meetings are actions each call of which waits for the one with the number
// after its own, and prints before and after.
var meetings = map[string]string{
	"functions": `
import sys, threading
doors = [threading.Event() for _ in range(100)]
def main(args):
    n = args["n"]
    print("first", n, end=" ")
    doors[n].set()
    if n < args["last"]:
        doors[n + 1].wait()
    print("last", n, "ü")
    print("error", n, file=sys.stderr, end="")
    sys.stdout.buffer.write(b"bytes\n")
    return {"n": n}
`,
	"coroutines": `
import asyncio, sys
doors = [asyncio.Event() for _ in range(100)]
async def say(n):
    print("last", n, "ü")
async def main(args):
    n = args["n"]
    print("first", n, end=" ")
    doors[n].set()
    if n < args["last"]:
        await doors[n + 1].wait()
    await asyncio.create_task(say(n))
    print("error", n, file=sys.stderr, end="")
    await asyncio.to_thread(print, "bytes")
    return {"n": n}
`,
}

func TestPythonConcurrency(t *testing.T) {
	t.Parallel()
	for name, text := range meetings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const calls = 10
			c := startKind(t, "python:default", "__OW_ALLOW_CONCURRENT=true")
			init := code(text, "main")
			init["hearth_mark"] = "MARK"
			load(t, c, init)
			var all sync.WaitGroup
			for n := range calls {
				all.Go(func() {
					if a := c.RunAs(activation(n), map[string]any{"n": n, "last": calls - 1}); a.Status != 200 || a.Body != fmt.Sprintf(`{"n": %d}`, n) {
						t.Errorf("got %d %s", a.Status, a.Body)
					}
				})
			}
			all.Wait()
			stdout, stderr := await(t, c, calls)
			for n := range calls {
				prefix := "MARK " + activation(n)
				want := fmt.Sprintf("%[1]s first %[2]d last %[2]d ü\n%[1]s bytes\n%[1]s\n", prefix, n)
				if got := of(stdout, prefix); got != want {
					t.Errorf("stdout: got %q, want %q", got, want)
				}
				want = fmt.Sprintf("%[1]s error %[2]d\n%[1]s\n", prefix, n)
				if got := of(stderr, prefix); got != want {
					t.Errorf("stderr: got %q, want %q", got, want)
				}
			}
		})
	}
	t.Run("what ends the process ends the calls", func(t *testing.T) {
		t.Parallel()
		c := startKind(t, "python:default", "__OW_ALLOW_CONCURRENT=true")
		load(t, c, code("import sys\ndef main(args):\n    sys.exit(3)\n", "main"))
		if a := c.Run(map[string]any{}); a.Status != 400 || a.Error() != "command exited" {
			t.Errorf("got %d %s", a.Status, a.Body)
		}
	})
	t.Run("an exception is an error of its call", func(t *testing.T) {
		t.Parallel()
		c := startKind(t, "python:default", "__OW_ALLOW_CONCURRENT=true")
		load(t, c, code("def main(args):\n    return {'n': 1 / args['n']}\n", "main"))
		if a := c.Run(map[string]any{"n": 0}); a.Status != 200 || a.Error() != "division by zero" {
			t.Errorf("got %d %s", a.Status, a.Body)
		}
		if a := c.Run(map[string]any{"n": 1}); a.Status != 200 || a.Body != `{"n": 1.0}` {
			t.Errorf("got %d %s", a.Status, a.Body)
		}
	})
}

// activation is an id.
func activation(n int) string { return fmt.Sprintf("%032x", n) }

// of returns the lines that begin with prefix.
func of(text, prefix string) string {
	var all strings.Builder
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, prefix) {
			all.WriteString(line)
		}
	}
	return all.String()
}

// await returns the output once each of a number of activations has ended.
func await(t *testing.T, c *runtimetest.Container, activations int) (stdout, stderr string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		stdout, stderr = c.Output()
		ended := func(text string) bool {
			for n := range activations {
				if !strings.Contains(text, "MARK "+activation(n)+"\n") {
					return false
				}
			}
			return true
		}
		if ended(stdout) && ended(stderr) {
			return stdout, stderr
		}
		if time.Now().After(deadline) {
			t.Fatalf("not all activations have ended in %q and %q", stdout, stderr)
		}
	}
}
