package runtimetest_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

func TestPythonDetails(t *testing.T) {
	t.Parallel()
	c := startKind(t, "python:default")
	load(t, c, code(`
import asyncio, sys
async def main(args):
    await asyncio.sleep(0)
    return {"stdin": sys.stdin.read(), "name": __name__, "bad": args.get("bad") and object()}
`, "main"))
	if a := c.Run(map[string]any{}); a.Status != 200 || a.Body != `{"stdin": "", "name": "main__", "bad": null}` {
		t.Errorf("got %d %s", a.Status, a.Body)
	}
	if a := c.Run(map[string]any{"bad": true}); a.Status != 200 || !strings.Contains(a.Error(), "not JSON serializable") {
		t.Errorf("result that is no JSON: got %d %s", a.Status, a.Body)
	}
	if _, stderr := c.Logs(1); !strings.Contains(stderr, "Traceback") {
		t.Errorf("no traceback in the logs: %q", stderr)
	}
}

func TestPythonInitFailure(t *testing.T) {
	t.Parallel()
	c := startKind(t, "python:default")
	a := c.Init(code("import nowhere", "main"))
	if a.Status != 502 || !strings.Contains(a.Error(), "No module named 'nowhere'") {
		t.Errorf("got %d %s", a.Status, a.Body)
	}
	if _, stderr := c.Logs(0); !strings.Contains(stderr, "Traceback") {
		t.Errorf("no traceback in the logs: %q", stderr)
	}
}

func TestGoDetails(t *testing.T) {
	t.Parallel()
	t.Run("a compile error is in the logs", func(t *testing.T) {
		t.Parallel()
		c := startKind(t, "go:default")
		a := c.Init(code("package main\n\nfunc Main(m map[string]any) map[string]any { return nowhere }\n", "main"))
		if a.Status != 502 || a.Error() != "The action failed to generate or locate a binary. See logs for details." {
			t.Errorf("got %d %s", a.Status, a.Body)
		}
		if _, stderr := c.Logs(0); !strings.Contains(stderr, "undefined: nowhere") {
			t.Errorf("logs: %q", stderr)
		}
	})
	t.Run("an error is an error of the action", func(t *testing.T) {
		t.Parallel()
		c := startKind(t, "go:default")
		load(t, c, code(`package main

import ("context"; "errors")

func Try(ctx context.Context, m map[string]any) (map[string]any, error) { return nil, errors.New("no luck") }
`, "try"))
		if a := c.Run(map[string]any{}); a.Status != 200 || a.Body != `{"error":"no luck"}` {
			t.Errorf("got %d %s", a.Status, a.Body)
		}
	})
	t.Run("calls run at the same time where they may", func(t *testing.T) {
		t.Parallel()
		const calls = 10
		c := startKind(t, "go:default", "__OW_ALLOW_CONCURRENT=true")
		load(t, c, code(`package main

import "sync"

type in struct{ N, Last int }

var doors [100]sync.WaitGroup

func init() {
	for i := range doors {
		doors[i].Add(1)
	}
}

// Main waits for the call with the number after its own.
func Main(i in) map[string]any {
	doors[i.N].Done()
	if i.N < i.Last {
		doors[i.N+1].Wait()
	}
	return map[string]any{"n": i.N}
}
`, "main"))
		var all sync.WaitGroup
		for n := range calls {
			all.Go(func() {
				if a := c.Run(map[string]any{"n": n, "last": calls - 1}); a.Status != 200 || a.Body != fmt.Sprintf(`{"n":%d}`, n) {
					t.Errorf("got %d %s", a.Status, a.Body)
				}
			})
		}
		all.Wait()
	})
	t.Run("a precompiled action starts as it is", func(t *testing.T) {
		t.Parallel()
		var compiled, stderr bytes.Buffer
		cmd := exec.Command("docker", "run", "--rm", "-i", "--network", "none", "hearth/runtime-go:1", "-compile", "main")
		cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(actionGo), &compiled, &stderr
		if err := cmd.Run(); err != nil {
			t.Fatalf("%v: %s", err, stderr.String())
		}
		c := startKind(t, "go:default", "OW_COMPILER=/nonexistent")
		load(t, c, map[string]any{"binary": true, "code": base64.StdEncoding.EncodeToString(compiled.Bytes())})
		if got := c.Run(do("echo", "x", 1)).Result(t); got["x"] != 1.0 {
			t.Errorf("got %v", got)
		}
	})
}

func TestMemoryExhausted(t *testing.T) {
	t.Parallel()
	c := startKind(t, "python:default")
	load(t, c, code("def main(args):\n    return {'n': len(bytearray(b'x') * (1 << 30))}\n", "main"))
	if a := c.Run(map[string]any{}); a.Status != 400 || a.Error() != "The action exhausted its memory and was aborted." {
		t.Errorf("got %d %s", a.Status, a.Body)
	}
	c.Logs(0)
}

func TestKilledByItself(t *testing.T) {
	t.Parallel()
	c := startKind(t, "python:default")
	load(t, c, code("import os\ndef main(args):\n    os.kill(os.getpid(), 9)\n", "main"))
	if a := c.Run(map[string]any{}); a.Status != 400 || a.Error() != "command exited" {
		t.Errorf("got %d %s", a.Status, a.Body)
	}
}

func TestJar(t *testing.T) {
	t.Parallel()
	// The image's own compiler makes the jar.
	const script = `cd /tmp && mkdir classes && cat >Greet.java &&
javac -cp /usr/share/java/gson.jar -d classes Greet.java && jar --create --file greet.jar -C classes . && cat greet.jar`
	const text = `package example;

import com.google.gson.JsonObject;

public class Greet {
    public static JsonObject hello(JsonObject params) {
        JsonObject result = new JsonObject();
        result.addProperty("greeting", "hello " + params.get("name").getAsString());
        return result;
    }
}
`
	var jar, stderr bytes.Buffer
	cmd := exec.Command("docker", "run", "--rm", "-i", "--network", "none", "--entrypoint", "sh", "hearth/runtime-java:21", "-ec", script)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(text), &jar, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	c := startKind(t, "java:default")
	load(t, c, map[string]any{"main": "example.Greet#hello", "binary": true, "code": base64.StdEncoding.EncodeToString(jar.Bytes())})
	if got := c.Run(map[string]any{"name": "jar"}).Result(t); got["greeting"] != "hello jar" {
		t.Errorf("got %v", got)
	}
}
