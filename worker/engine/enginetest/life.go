package enginetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/hearth-faas/hearth/worker/engine"
)

func testPause(t *testing.T, target Target) {
	b := Create(t, target, nil)
	if got := b.Get(t, "/fork?count=3"); got != "3" {
		t.Fatalf("forked %s children, want 3", got)
	}
	before := b.Get(t, "/ticks")
	if err := target.Engine.Pause(t.Context(), b.ID); err != nil {
		t.Fatalf("Pause: %v", err)
	}
	if status := inspect(t, target, b.ID); !status.Paused || !status.Running {
		t.Errorf("status = %+v, want running and paused", status)
	}
	// One that runs answers within milliseconds; one that is frozen never.
	short, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if text, err := b.TryGet(short, "/ticks"); err == nil {
		t.Errorf("a paused container answered %q", text)
	}
	if err := target.Engine.Resume(t.Context(), b.ID); err != nil {
		t.Fatalf("Resume: %v", err)
	}
	Await(t, "the container to go on", func() bool { return b.Get(t, "/ticks") != before })
	if status := inspect(t, target, b.ID); status.Paused || !status.Running {
		t.Errorf("status = %+v, want running and not paused", status)
	}
}

func testPauseTwice(t *testing.T, target Target) {
	b := Create(t, target, nil)
	if err := target.Engine.Resume(t.Context(), b.ID); err != nil {
		t.Errorf("Resume of a running container: %v", err)
	}
	for range 2 {
		if err := target.Engine.Pause(t.Context(), b.ID); err != nil {
			t.Errorf("Pause: %v", err)
		}
	}
	for range 2 {
		if err := target.Engine.Resume(t.Context(), b.ID); err != nil {
			t.Errorf("Resume: %v", err)
		}
	}
	b.Get(t, "/ticks")
}

func testEnded(t *testing.T, target Target) {
	b := Create(t, target, nil)
	exit(t, b, "7")
	if status, want := inspect(t, target, b.ID), (engine.Status{ExitCode: 7}); status != want {
		t.Errorf("status = %+v, want %+v", status, want)
	}
	if err := target.Engine.Pause(t.Context(), b.ID); !errors.Is(err, engine.ErrGone) {
		t.Errorf("Pause = %v, want ErrGone", err)
	}
	if err := target.Engine.Resume(t.Context(), b.ID); !errors.Is(err, engine.ErrGone) {
		t.Errorf("Resume = %v, want ErrGone", err)
	}
}

func testRemove(t *testing.T, target Target) {
	states := map[string]func(*testing.T, *Box){
		"running": func(*testing.T, *Box) {},
		"paused": func(t *testing.T, b *Box) {
			if err := target.Engine.Pause(t.Context(), b.ID); err != nil {
				t.Fatalf("Pause: %v", err)
			}
		},
		"ended": func(t *testing.T, b *Box) { exit(t, b, "0") },
	}
	for name, reach := range states {
		t.Run(name, func(t *testing.T) {
			b := Create(t, target, nil)
			reach(t, b)
			for range 2 {
				if err := target.Engine.Remove(t.Context(), b.ID); err != nil {
					t.Errorf("Remove: %v", err)
				}
			}
			b.Output.AwaitClose(t)
			if listed(t, target, b.ID) != nil {
				t.Error("a removed container is listed")
			}
		})
	}
}

func testGone(t *testing.T, target Target) {
	b := Create(t, target, nil)
	if err := target.Engine.Remove(t.Context(), b.ID); err != nil {
		t.Fatalf("Remove: %v", err)
	}
	for _, id := range []string{b.ID, "0123456789abcdef"} {
		if err := target.Engine.Pause(t.Context(), id); !errors.Is(err, engine.ErrGone) {
			t.Errorf("Pause = %v, want ErrGone", err)
		}
		if err := target.Engine.Resume(t.Context(), id); !errors.Is(err, engine.ErrGone) {
			t.Errorf("Resume = %v, want ErrGone", err)
		}
		if _, err := target.Engine.Inspect(t.Context(), id); !errors.Is(err, engine.ErrGone) {
			t.Errorf("Inspect = %v, want ErrGone", err)
		}
		if err := target.Engine.Remove(t.Context(), id); err != nil {
			t.Errorf("Remove = %v, want nil", err)
		}
	}
}

// exit ends the program, and waits for the end of its output.
func exit(t *testing.T, b *Box, code string) {
	t.Helper()
	if _, err := b.TryGet(t.Context(), "/exit?code="+code); err == nil {
		t.Fatal("the server answered, and should have exited")
	}
	b.Output.AwaitClose(t)
}

func inspect(t *testing.T, target Target, id string) engine.Status {
	t.Helper()
	status, err := target.Engine.Inspect(t.Context(), id)
	if err != nil {
		t.Fatalf("Inspect: %v", err)
	}
	return status
}

func listed(t *testing.T, target Target, id string) *engine.Listed {
	t.Helper()
	all, err := target.Engine.List(t.Context())
	if err != nil {
		t.Fatalf("List: %v", err)
	}
	for _, l := range all {
		if l.ID == id {
			return &l
		}
	}
	return nil
}
