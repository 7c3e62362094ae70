package runtimetest_test

import (
	"encoding/base64"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/hearth-faas/hearth/runtime/runtimetest"
)

// compiled is an action for the image of executables, in a language that
// leaves nothing but an executable.
const compiled = `package main

import (
	"encoding/json"
	"fmt"
	"os"
)

func main() {
	var in struct{ Name string }
	if err := json.NewDecoder(os.Stdin).Decode(&in); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("a line of the log")
	_ = json.NewEncoder(os.Stdout).Encode(map[string]any{"greeting": "hello " + in.Name, "argument": os.Args[1]})
}
`

// compile makes a static executable for Linux.
func compile(t *testing.T) []byte {
	t.Helper()
	dir := t.TempDir()
	source, binary := filepath.Join(dir, "main.go"), filepath.Join(dir, "main")
	if err := os.WriteFile(source, []byte(compiled), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", binary, source)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	content, err := os.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestExecutables(t *testing.T) {
	t.Parallel()
	elf := compile(t)
	for name, value := range map[string]map[string]any{
		"an executable":                {"binary": true, "code": base64.StdEncoding.EncodeToString(elf)},
		"an executable in a zip":       {"binary": true, "code": zipped(t, map[string]string{"exec": string(elf)})},
		"a script":                     {"binary": false, "code": "#!/bin/sh\necho a line of the log\njq -c --arg a \"$1\" '{argument: $a, greeting: (\"hello \" + .name)}'\n"},
		"a script that is binary code": {"binary": true, "code": base64.StdEncoding.EncodeToString([]byte("#!/bin/sh\necho a line of the log\njq -c --arg a \"$1\" '{argument: $a, greeting: (\"hello \" + .name)}'\n"))},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := runtimetest.Start(t, "hearth/runtime-native:1", runtimetest.Options{})
			load(t, c, value)
			for n := range 2 {
				got := c.Run(map[string]any{"name": "you"}).Result(t)
				if got["greeting"] != "hello you" || got["argument"] != `{"name":"you"}` {
					t.Errorf("got %v", got)
				}
				if stdout, _ := c.Logs(n); stdout != "a line of the log\n" {
					t.Errorf("logs: got %q", stdout)
				}
			}
		})
	}
}
