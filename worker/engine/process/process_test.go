package process_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/hearth-faas/hearth/worker/engine"
	"github.com/hearth-faas/hearth/worker/engine/enginetest"
	"github.com/hearth-faas/hearth/worker/engine/process"
)

const image = "hearth/enginetest:1"

// program is the path of the test server; TestMain sets it.
var program string

// secret is a variable of the worker that actions must not see.
const secret = "HEARTH_TEST_SECRET"

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if path := os.Getenv(workerEnv); path != "" {
		return worker(path)
	}
	dir, err := os.MkdirTemp("", "hearth")
	if err == nil {
		defer os.RemoveAll(dir)
		program, err = enginetest.Build(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if err := os.Setenv(secret, "open sesame"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// setup returns an engine that runs the test server, in a folder whose path is
// short enough for sockets.
func setup(t *testing.T) *process.Process {
	t.Helper()
	dir, err := os.MkdirTemp("", "hearth")
	if err != nil {
		t.Fatal(err)
	}
	p, err := process.New(process.Options{
		Deployment: "test", Worker: "one", Boot: "first", Dir: dir,
		Runtimes: []process.Runtime{
			{Image: image, Command: []string{program}, Env: map[string]string{"FROM": "runtime"}},
			{Image: "hearth/env:1", Command: []string{"env", program}},
			{Image: "hearth/unknown:1", Command: []string{"no-such-program"}},
			{Image: "hearth/broken:1", Command: []string{"/no/such/program"}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		entries, err := os.ReadDir(dir)
		if err != nil || len(entries) > 0 {
			t.Errorf("folders left behind: %v %v", entries, err)
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return p
}

func TestEngine(t *testing.T) {
	t.Parallel()
	enginetest.Run(t, enginetest.Target{Engine: setup(t), Image: image, Rounds: 1000})
}

func TestCreate(t *testing.T) {
	t.Parallel()

	for _, name := range []string{"hearth/broken:1", "hearth/unknown:1"} {
		t.Run("nok, the program is not there: "+name, func(t *testing.T) {
			t.Parallel()
			b, err := enginetest.TryCreate(t.Context(), t, enginetest.Target{Engine: setup(t), Image: name}, nil)
			if !errors.Is(err, engine.ErrCommand) {
				t.Errorf("Create = %v, want ErrCommand", err)
			}
			b.Output.AwaitClose(t)
		})
	}

	t.Run("ok, a program found in PATH", func(t *testing.T) {
		t.Parallel()
		enginetest.Create(t, enginetest.Target{Engine: setup(t), Image: "hearth/env:1"}, nil).Get(t, "/ticks")
	})

	t.Run("ok, the runtime's environment is set and the worker's is not", func(t *testing.T) {
		t.Parallel()
		b := enginetest.Create(t, enginetest.Target{Engine: setup(t), Image: image}, nil)
		for name, want := range map[string]string{"FROM": "runtime", "PATH": process.DefaultPath, secret: ""} {
			if got := b.Get(t, "/env?name="+name); got != want {
				t.Errorf("%s = %q, want %q", name, got, want)
			}
		}
		if got, want := b.Get(t, "/env?name="+engine.EnvSocket), b.Address; got != want {
			t.Errorf("socket = %q, want %q", got, want)
		}
	})

	t.Run("ok, what a program leaves behind dies with it", func(t *testing.T) {
		t.Parallel()
		p := setup(t)
		b := enginetest.Create(t, enginetest.Target{Engine: p, Image: image}, nil)
		children := strings.Fields(b.Get(t, "/spawn?count=2"))
		if len(children) != 2 {
			t.Fatalf("children = %v, want 2", children)
		}
		if err := p.Remove(t.Context(), b.ID); err != nil {
			t.Fatalf("Remove: %v", err)
		}
		for _, pid := range children {
			enginetest.Await(t, "the end of a child", func() bool { return !alive(pid) })
		}
	})
}

// alive reports whether a process runs; one that waits for its parent to
// collect it does not.
func alive(pid string) bool {
	text, err := os.ReadFile("/proc/" + pid + "/stat")
	return err == nil && !strings.Contains(string(text), ") Z ")
}

func TestNew(t *testing.T) {
	t.Parallel()
	runtimes := []process.Runtime{{Image: image, Command: []string{"true"}}}
	cases := []struct {
		name    string
		options process.Options
	}{
		{"nok, no folder", process.Options{Runtimes: runtimes}},
		{"nok, a folder too long for sockets", process.Options{Dir: t.TempDir() + strings.Repeat("/long", 20), Runtimes: runtimes}},
		{"nok, no runtimes", process.Options{Dir: t.TempDir()}},
		{"nok, a runtime without a command", process.Options{Dir: t.TempDir(), Runtimes: []process.Runtime{{Image: image}}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if _, err := process.New(c.options); err == nil {
				t.Error("New gave no error")
			}
		})
	}
}
