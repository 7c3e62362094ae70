package e2e_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hearth-faas/hearth/e2e/platform"
)

// Without Docker, actions run as child processes; without a redis-server, the
// platform brings its own. Both say so.
func TestWithoutDockerAndRedis(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	cmd := command(t, data)
	cmd.Env = append(cmd.Env, "PATH="+pathWithout(t, "redis-server"))
	h, err := platform.Up(patient(t), hearth(t), cmd, data, "--engine", "process")
	ok(t, err)
	t.Cleanup(func() { ended(t, h.Process) })
	for _, said := range []string{"WITHOUT ANY ISOLATION", "IS LOST WHEN IT ENDS"} {
		if !strings.Contains(h.Output(), said) {
			t.Errorf("the platform does not say %q:\n%s", said, h.Output())
		}
	}
	put(t, &h.Client, "fickle", "fickle.js", platform.Action{})
	result(t, &h.Client, "fickle", nil, `{"calls":1}`)
	result(t, &h.Client, "fickle", nil, `{"calls":2}`)
	code := source(t, "hello.go.txt")
	ok(t, h.PutAction(patient(t), "hello", platform.Action{Kind: "go:default", Code: code}))
	rec := result(t, &h.Client, "hello", map[string]any{"name": "Go"}, `{"greeting":"Hello, Go!"}`)
	full, err := h.Activation(patient(t), rec.ID)
	ok(t, err)
	if len(full.Logs) != 1 || !strings.HasSuffix(full.Logs[0], "stdout: greeting Go") {
		t.Errorf("logs %q, want one line", full.Logs)
	}
}

// pathWithout is a PATH that has all programs but one.
func pathWithout(t *testing.T, program string) string {
	t.Helper()
	var dirs []string
	for _, from := range filepath.SplitList(os.Getenv("PATH")) {
		if _, err := os.Stat(filepath.Join(from, program)); err != nil {
			dirs = append(dirs, from)
			continue
		}
		to := t.TempDir()
		found, err := os.ReadDir(from)
		ok(t, err)
		for _, f := range found {
			if f.Name() != program {
				ok(t, os.Symlink(filepath.Join(from, f.Name()), filepath.Join(to, f.Name())))
			}
		}
		dirs = append(dirs, to)
	}
	return strings.Join(dirs, string(filepath.ListSeparator))
}
