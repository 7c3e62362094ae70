package e2e_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hearth-faas/hearth/e2e/platform"
)

// The examples are deployed and called with the program's own commands, as
// their README says.
func TestExamples(t *testing.T) {
	t.Parallel()
	c := namespace(t, "examples")
	for _, x := range []struct {
		name, file string
		flags      []string
		call       []string
		want, log  string
	}{
		{"hello", "hello.js", nil, []string{"name", "you"}, `Hello, you!`, "greeting you"},
		{"words", "words.py", nil, []string{"text", "warm hands, warm heart"}, `"words": 4`, "counting 4 words"},
		{"fibonacci", "fibonacci.go", nil, []string{"n", "42"}, `267914296`, "computed fibonacci of 42"},
		{"upper", "upper.sh", []string{"--native"}, []string{"text", "louder"}, `LOUDER`, `got {`},
		{"shout", "shout", nil, []string{"text", "is anybody there"}, `IS ANYBODY THERE!`, ""},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(platform.Root(), "examples", x.file)
			cli(t, c, append([]string{"action", "update", x.name, file}, x.flags...)...)
			got := cli(t, c, "invoke", x.name, "-r", "-p", x.call[0], x.call[1])
			if !strings.Contains(got, x.want) {
				t.Errorf("answered %q, want one with %q", got, x.want)
			}
			if got := cli(t, c, "logs", x.name); !strings.Contains(got, x.log) {
				t.Errorf("logs %q, want some with %q", got, x.log)
			}
		})
	}
}

// cli runs a user command of the program.
func cli(t *testing.T, c *platform.Client, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(patient(t), hearth(t), append(args, "--apihost", c.URL, "--auth", c.Auth)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("hearth %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}
