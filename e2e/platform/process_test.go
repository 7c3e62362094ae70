package platform_test

import (
	"context"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hearth-faas/hearth/e2e/platform"
)

func shell(t *testing.T, script string) *platform.Process {
	t.Helper()
	p, err := platform.Start(platform.Command{Path: "/bin/sh", Args: []string{"-c", script}, Env: []string{"GREETING=hello"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Kill() })
	return p
}

func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func TestProcessKeepsItsOutput(t *testing.T) {
	t.Parallel()
	p := shell(t, `echo "$GREETING"; echo world >&2; exit 3`)
	code, err := p.Wait(soon(t))
	if err != nil || code != 3 {
		t.Fatalf("exit code %d, error %v, want 3 and none", code, err)
	}
	if got := p.Output(); !strings.Contains(got, "hello\n") || !strings.Contains(got, "world\n") {
		t.Errorf("output %q lacks a line", got)
	}
}

func TestProcessStopsOnRequest(t *testing.T) {
	t.Parallel()
	p := shell(t, `trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.05; done`)
	if err := p.WaitFor(soon(t), "up"); err != nil {
		t.Fatal(err)
	}
	code, err := p.Stop(soon(t))
	if err != nil || code != 0 || !strings.Contains(p.Output(), "bye") {
		t.Errorf("exit code %d, error %v, output %q, want 0, none and bye", code, err, p.Output())
	}
	if err := p.Signal(syscall.SIGTERM); err != nil {
		t.Errorf("signal after the end: %v", err)
	}
}

func TestProcessIsKilledWhenItDoesNotStop(t *testing.T) {
	t.Parallel()
	p := shell(t, `trap '' TERM; echo up; while :; do sleep 0.05; done`)
	if err := p.WaitFor(soon(t), "up"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := p.Stop(ctx); err == nil {
		t.Error("no error")
	}
	select {
	case <-p.Done():
	default:
		t.Error("process still runs")
	}
}

func TestProcessThatEndsEarlyIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	p := shell(t, `echo no luck`)
	<-p.Done()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	err := p.WaitFor(ctx, "ready")
	if err == nil || !strings.Contains(err.Error(), "no luck") {
		t.Errorf("error %v, want one that shows the output", err)
	}
}

func TestProcessMemory(t *testing.T) {
	t.Parallel()
	p := shell(t, `echo up; exec sleep 60`)
	if err := p.WaitFor(soon(t), "up"); err != nil {
		t.Fatal(err)
	}
	now, peak, err := p.Memory()
	if err == nil && (now < int64(os.Getpagesize()) || peak < now) {
		t.Errorf("memory %d, peak %d", now, peak)
	}
	if err != nil && !os.IsNotExist(err) {
		t.Error(err)
	}
}
