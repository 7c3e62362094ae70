// Package e2e_test runs the whole platform from the outside: the real program,
// built with the race detector, on real Redis and real Docker, spoken to over
// HTTP and with the client that people use.
package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hearth-faas/hearth/e2e/platform"
)

// patience is how long a test waits for what must happen. It is far more than
// anything takes, on a machine far slower than any.
const patience = 2 * time.Minute

// folder holds the program and the state of the platform that tests share.
var folder string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "hearth")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	folder = dir
	code := m.Run()
	if err := errors.Join(common.stop(), removeContainers(), os.RemoveAll(dir)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return max(code, 1)
	}
	return code
}

var build = sync.OnceValues(func() (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	return platform.Build(ctx, folder, true)
})

// hearth is the path of the program.
func hearth(t *testing.T) string {
	t.Helper()
	path, err := build()
	ok(t, err)
	return path
}

// ok ends the test on an error.
func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// patient is a context that ends with the test's patience.
func patient(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// last is a context for clean-up: t.Context has ended by then.
func last() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), patience)
}

// start starts a process of the program on a Redis and, at the test's end,
// stops it and looks at how it ended.
func start(t *testing.T, r *platform.Redis, args ...string) *platform.Process {
	t.Helper()
	c := command(t, r.URL())
	c.Args = append(args, "--redis", r.URL())
	return launch(t, c)
}

// launch is start for a command of the caller's.
func launch(t *testing.T, c platform.Command) *platform.Process {
	t.Helper()
	p, err := platform.Start(c)
	ok(t, err)
	t.Cleanup(func() { ended(t, p) })
	return p
}

// command is the program, to be run as a part of a platform.
func command(t *testing.T, platformName string) platform.Command {
	t.Helper()
	return platform.Command{Path: hearth(t), Dir: t.TempDir(), Env: environment(platformName)}
}

// ended stops a process that still runs and complains unless it ended well.
func ended(t *testing.T, p *platform.Process) {
	t.Helper()
	defer func() {
		if t.Failed() {
			t.Logf("a process printed:\n%s", tail(p.Output()))
		}
	}()
	select {
	case <-p.Done():
		complain(t, p.Output())
		return
	default:
	}
	ctx, cancel := last()
	defer cancel()
	code, err := p.Stop(ctx)
	if err != nil || code != 0 {
		t.Errorf("process ended with code %d, error %v", code, err)
	}
	complain(t, p.Output())
}

// complain about what no process may ever print.
func complain(t *testing.T, output string) {
	t.Helper()
	for _, bad := range []string{"WARNING: DATA RACE", "panic: ", "fatal error: "} {
		if i := strings.Index(output, bad); i >= 0 {
			t.Errorf("a process printed:\n%.8000s", output[i:])
		}
	}
}

func tail(s string) string { return s[max(0, len(s)-8000):] }

// up starts everything in one process, on Docker and that Redis.
func up(t *testing.T, r *platform.Redis, args ...string) *platform.Hearth {
	t.Helper()
	return upIn(t, r, t.TempDir(), args...)
}

// upIn is up with a folder of the caller's.
func upIn(t *testing.T, r *platform.Redis, data string, args ...string) *platform.Hearth {
	t.Helper()
	args = append([]string{"--redis", r.URL(), "--engine", "docker"}, args...)
	h, err := platform.Up(patient(t), hearth(t), command(t, r.URL()), data, args...)
	ok(t, err)
	t.Cleanup(func() { ended(t, h.Process) })
	return h
}

// redis starts a private Redis server.
func redis(t *testing.T) *platform.Redis {
	t.Helper()
	r, err := platform.NewRedis(patient(t), t.TempDir())
	ok(t, err)
	t.Cleanup(func() {
		ctx, cancel := last()
		defer cancel()
		_ = r.Stop(ctx)
	})
	return r
}

// source reads an action of the testdata folder.
func source(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	ok(t, err)
	return string(b)
}

// put deploys a Node.js action of the testdata folder.
func put(t *testing.T, c *platform.Client, name, file string, more platform.Action) {
	t.Helper()
	more.Kind, more.Code = "nodejs:default", source(t, file)
	ok(t, c.PutAction(patient(t), name, more))
}

// call makes a blocking call.
func call(t *testing.T, c *platform.Client, name string, payload any) *platform.Activation {
	t.Helper()
	rec, err := c.Call(patient(t), name, payload)
	ok(t, err)
	return rec
}

// result calls and checks the whole result, which is JSON.
func result(t *testing.T, c *platform.Client, name string, payload any, want string) *platform.Activation {
	t.Helper()
	rec := call(t, c, name, payload)
	if got := string(rec.Response.Result); got != want {
		t.Errorf("%s answered %s (%s), want %s", name, got, rec.Response.Status, want)
	}
	return rec
}
