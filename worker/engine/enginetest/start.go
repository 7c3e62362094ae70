package enginetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hearth-faas/hearth/worker/engine"
)

func testEarlyExit(t *testing.T, target Target) {
	b, err := TryCreate(t.Context(), t, target, func(s *engine.Spec) {
		s.Env = map[string]string{"EXIT": "3", "PRINT_STDERR": "no such module"}
	})
	if !errors.Is(err, engine.ErrEnded) || !strings.Contains(err.Error(), "code 3") {
		t.Errorf("Create = %v, want ErrEnded with code 3", err)
	}
	b.Output.AwaitClose(t)
	if _, stderr := b.Output.Text(); stderr != "no such module" {
		t.Errorf("stderr = %q, want what the program said", stderr)
	}
}

func testNoCommand(t *testing.T, target Target) {
	_, err := TryCreate(t.Context(), t, target, func(s *engine.Spec) {
		s.Env = map[string]string{"EXIT": "127"}
	})
	if !errors.Is(err, engine.ErrCommand) {
		t.Errorf("Create = %v, want ErrCommand", err)
	}
}

func testDeaf(t *testing.T, target Target) {
	left := marked(t, target)
	b, err := TryCreate(t.Context(), t, target, func(s *engine.Spec) {
		s.Env = map[string]string{"DEAF": "yes"}
		s.Labels = map[string]string{engine.LabelAction: t.Name()}
		s.ReadyTimeout = 300 * time.Millisecond
	})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Create = %v, want a deadline that passed", err)
	}
	b.Output.AwaitClose(t)
	if n := left(); n != 0 {
		t.Errorf("%d containers left behind", n)
	}
}

func testCancel(t *testing.T, target Target) {
	left := marked(t, target)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		// By then it has been made, in most cases; no case may leave anything.
		for deadline := time.Now().Add(patience); left() == 0 && time.Now().Before(deadline); {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	b, err := TryCreate(ctx, t, target, func(s *engine.Spec) {
		s.Env = map[string]string{"DEAF": "yes"}
		s.Labels = map[string]string{engine.LabelAction: t.Name()}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Create = %v, want a cancelled context", err)
	}
	b.Output.AwaitClose(t)
	Await(t, "the removal of what was made", func() bool { return left() == 0 })
}

// marked returns a function that counts the containers labelled with the
// test's name.
func marked(t *testing.T, target Target) func() int {
	t.Helper()
	return func() int {
		all, err := target.Engine.List(t.Context())
		if err != nil {
			t.Errorf("List: %v", err)
		}
		n := 0
		for _, l := range all {
			if l.Labels[engine.LabelAction] == t.Name() {
				n++
			}
		}
		return n
	}
}

func testNoImage(t *testing.T, target Target) {
	// Nothing listens on port 1, so that a pull fails at once.
	b, err := TryCreate(t.Context(), t, target, func(s *engine.Spec) { s.Image = "localhost:1/hearth/absent:1" })
	if !errors.Is(err, engine.ErrImage) {
		t.Errorf("Create = %v, want ErrImage", err)
	}
	b.Output.AwaitClose(t)
}

func testParallel(t *testing.T, target Target) {
	boxes := make([]*Box, 6)
	var creates sync.WaitGroup
	for i := range boxes {
		creates.Go(func() {
			b, err := TryCreate(t.Context(), t, target, func(s *engine.Spec) {
				s.Env = map[string]string{"NUMBER": fmt.Sprint(i)}
			})
			if err != nil {
				t.Errorf("Create: %v", err)
				return
			}
			boxes[i] = b
		})
	}
	creates.Wait()
	for i, b := range boxes {
		if b == nil {
			continue
		}
		if got := b.Get(t, "/env?name=NUMBER"); got != fmt.Sprint(i) {
			t.Errorf("container %d has NUMBER %q", i, got)
		}
	}
}

func testList(t *testing.T, target Target) {
	b := Create(t, target, func(s *engine.Spec) {
		s.Labels = map[string]string{engine.LabelNamespace: "guest", engine.LabelRevision: "1-abc"}
	})
	got := listed(t, target, b.ID)
	if got == nil {
		t.Fatal("container is not listed")
	}
	if !got.Running || got.Created.IsZero() {
		t.Errorf("listed = %+v, want running, and when it was created", got)
	}
	for _, label := range []string{
		engine.LabelDeployment, engine.LabelWorker, engine.LabelBoot, engine.LabelNamespace, engine.LabelRevision,
	} {
		if got.Labels[label] == "" {
			t.Errorf("label %s is missing", label)
		}
	}
	exit(t, b, "0")
	inspect(t, target, b.ID) // waits until the end is noted
	if got := listed(t, target, b.ID); got == nil || got.Running {
		t.Errorf("listed = %+v, want not running", got)
	}
}
