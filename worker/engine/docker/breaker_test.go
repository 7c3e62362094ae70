package docker_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hearth-faas/hearth/worker/engine"
	"github.com/hearth-faas/hearth/worker/engine/docker"
	"github.com/hearth-faas/hearth/worker/engine/enginetest"
)

func state(running bool) http.HandlerFunc {
	return reply(http.StatusOK, map[string]any{
		"Id": "c", "State": map[string]any{"Running": running}, "Config": map[string]any{},
	})
}

// A daemon that hangs over one container serves the others, and the breaker
// stays closed.
func TestOneContainerHangs(t *testing.T) {
	t.Parallel()
	f := newDaemon(t, "1.41")
	f.on("GET /containers/good/json", state(true))
	f.on("GET /containers/bad/json", f.hang)
	d := f.engine(t)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := d.Inspect(ctx, "bad"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Inspect of the container that hangs = %v, want a deadline that passed", err)
	}
	if _, err := d.Ping(t.Context()); err != nil {
		t.Errorf("Ping: %v", err)
	}
	if status, err := d.Inspect(t.Context(), "good"); err != nil || !status.Running {
		t.Errorf("Inspect = %+v, %v, want a running container", status, err)
	}
}

// A daemon that answers nobody opens the breaker; callers then fail at once,
// and are served again when it is back.
func TestBreaker(t *testing.T) {
	t.Parallel()
	f := newDaemon(t, "1.41")
	f.on("GET /containers/good/json", state(true))
	d := f.engine(t)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})

	f.silence(true)
	enginetest.Await(t, "the breaker to open", func() bool {
		short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, err := d.Inspect(short, "good")
		return errors.Is(err, engine.ErrUnavailable)
	})
	before := f.count("/containers/")
	for range 20 {
		if _, err := d.List(t.Context()); !errors.Is(err, engine.ErrUnavailable) {
			t.Errorf("List = %v, want ErrUnavailable", err)
		}
		if _, err := d.Create(t.Context(), engine.Spec{Image: "x:1"}); !errors.Is(err, engine.ErrUnavailable) {
			t.Errorf("Create = %v, want ErrUnavailable", err)
		}
	}
	if after := f.count("/containers/"); after != before {
		t.Errorf("%d requests went to a daemon that does not answer", after-before)
	}

	f.silence(false)
	enginetest.Await(t, "the breaker to close", func() bool {
		_, err := d.Inspect(t.Context(), "good")
		return err == nil
	})
}

func TestBreakerClosesWithPing(t *testing.T) {
	t.Parallel()
	f := newDaemon(t, "1.41")
	f.on("GET /containers/good/json", state(true))
	d := f.engine(t) // nobody runs Run
	f.breakOff(true)
	for range 3 {
		if _, err := d.Ping(t.Context()); !errors.Is(err, engine.ErrUnavailable) {
			t.Fatalf("Ping = %v, want ErrUnavailable", err)
		}
	}
	f.breakOff(false)
	if _, err := d.Inspect(t.Context(), "good"); !errors.Is(err, engine.ErrUnavailable) {
		t.Errorf("Inspect = %v, want ErrUnavailable while the breaker is open", err)
	}
	if _, err := d.Ping(t.Context()); err != nil {
		t.Fatalf("Ping: %v", err)
	}
	if _, err := d.Inspect(t.Context(), "good"); err != nil {
		t.Errorf("Inspect: %v", err)
	}
}

func TestDaemonIsGone(t *testing.T) {
	t.Parallel()
	f := newDaemon(t, "1.41")
	d := f.engine(t)
	f.Close()
	if _, err := d.Ping(t.Context()); !errors.Is(err, engine.ErrUnavailable) {
		t.Errorf("Ping = %v, want ErrUnavailable", err)
	}
	if err := d.Remove(t.Context(), "c"); !errors.Is(err, engine.ErrUnavailable) {
		t.Errorf("Remove = %v, want ErrUnavailable", err)
	}
}

func TestVersions(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, api, want string
		fails           bool
	}{
		{"nok, Docker 19.03 is too old", "1.40", "", true},
		{"nok, not a Docker daemon", "", "", true},
		{"ok, Docker 20.10", "1.41", "/v1.41/", false},
		{"ok, Docker 25", "1.44", "/v1.44/", false},
		{"ok, a daemon newer than the client", "1.99", "/v1.51/", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newDaemon(t, c.api)
			d, err := docker.New(t.Context(), f.options(t))
			if c.fails {
				if err == nil || !strings.Contains(err.Error(), "20.10") {
					t.Errorf("New = %v, want an error that names what is needed", err)
				}
				return
			}
			if err != nil {
				t.Fatalf("New: %v", err)
			}
			if f.count(c.want+"info") != 1 {
				t.Errorf("requests = %v, want one to %sinfo", f.seen, c.want)
			}
			info, err := d.Ping(t.Context())
			if err != nil || info.Name != "docker" || info.Version != "99.0" {
				t.Errorf("Ping = %+v, %v", info, err)
			}
		})
	}
}

func TestNoDaemon(t *testing.T) {
	t.Parallel()
	options := newDaemon(t, "1.41").options(t)
	options.Host = "unix:///nonexistent/docker.sock"
	if _, err := docker.New(t.Context(), options); !errors.Is(err, engine.ErrUnavailable) || !strings.Contains(err.Error(), options.Host) {
		t.Errorf("New = %v, want ErrUnavailable and the address", err)
	}
}

// The client does not watch the context while it waits for the answer to an
// attach; the engine must.
func TestAttachHangs(t *testing.T) {
	t.Parallel()
	f := newDaemon(t, "1.41")
	f.on("POST /containers/create", reply(http.StatusCreated, map[string]any{"Id": "c"}))
	f.on("POST /containers/c/attach", f.hang)
	f.on("DELETE /containers/c", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	d := f.engine(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	result := make(chan error, 1)
	output := enginetest.NewOutput()
	go func() {
		_, err := d.Create(ctx, engine.Spec{Image: "x:1", Memory: 64, Output: output.Engine()})
		result <- err
	}()
	enginetest.Await(t, "the attach", func() bool { return f.count("attach") == 1 })
	cancel()
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Errorf("Create = %v, want a cancelled context", err)
	}
	output.AwaitClose(t)
	if f.count("DELETE ") != 1 {
		t.Error("the container was left behind")
	}
}
