// Package platform runs whole Hearth processes and private Redis servers, and
// talks to them as a client would. The end-to-end tests and the benchmarks
// build on it; it knows the program from the outside only.
package platform

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"
)

// Root is the folder of the repository that this package was built from.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(filepath.Dir(filepath.Dir(file)))
}

// Build compiles the program, with the race detector when race is set, and
// the proxy that it hands to child processes, into dir; it returns the
// program's path.
func Build(ctx context.Context, dir string, race bool) (string, error) {
	hearth := filepath.Join(dir, "hearth")
	args := []string{"build", "-o", hearth}
	if race {
		args = append(args, "-race")
	}
	if err := goTool(ctx, nil, append(args, "./cmd/hearth")...); err != nil {
		return "", err
	}
	err := goTool(ctx, []string{"CGO_ENABLED=0"}, "build", "-o", filepath.Join(dir, "hearth-proxy"), "./runtime/proxy")
	return hearth, err
}

func goTool(ctx context.Context, env []string, args ...string) error {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = Root()
	cmd.Env = append(cmd.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go %v: %w\n%s", args, err, out)
	}
	return nil
}

// Poll calls check every few milliseconds until it returns nil, and returns
// its last error when ctx ends before that.
func Poll(ctx context.Context, check func() error) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := check()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w (%w)", err, context.Cause(ctx))
		case <-tick.C:
		}
	}
}
