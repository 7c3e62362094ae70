package e2e_test

import (
	"context"
	"os"
	"os/exec"
	"testing"
)

// The client that most programs use, in tests of its own language.
func TestNPMClient(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ok(t, os.CopyFS(dir, os.DirFS("npm")))
	ctx := patient(t)
	c := namespace(t, "npm-client")
	env := []string{"HEARTH_URL=" + c.URL, "HEARTH_AUTH=" + c.Auth, "HEARTH_NAMESPACE=npm-client", "NO_COLOR=1"}
	npm(ctx, t, dir, nil, "ci", "--no-audit", "--no-fund")
	npm(ctx, t, dir, env, "test")
}

func npm(ctx context.Context, t *testing.T, dir string, env []string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(ctx, "npm", args...)
	cmd.Dir = dir
	cmd.Env = append(cmd.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("npm %v: %v\n%s", args, err, tail(string(out)))
	}
}
