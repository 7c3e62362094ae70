package worker

import (
	"context"
	"maps"
	"sync/atomic"
	"time"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/worker/protocol/whisk"
)

// tracked is an activation in hand, for those who ask for it by its name.
type tracked struct {
	attempt int
	cancel  context.CancelCauseFunc
	// capture holds its lines, while it is in a container.
	capture atomic.Pointer[whisk.Capture]
}

// track returns a context that ends when the activation is cancelled. It must
// be followed by untrack.
func (w *Worker) track(ctx context.Context, a *core.Activation) (context.Context, *tracked) {
	ctx, cancel := context.WithCancelCause(ctx)
	t := &tracked{attempt: a.Attempt, cancel: cancel}
	w.mu.Lock()
	w.running[a.Ref] = t
	if _, doomed := w.doomed[a.Ref]; doomed {
		cancel(errCancelled)
	}
	w.mu.Unlock()
	w.busy.Add(1)
	return ctx, t
}

func (w *Worker) untrack(ref core.Ref, t *tracked) {
	w.mu.Lock()
	if w.running[ref] == t { // not another attempt, which may have begun here
		delete(w.running, ref)
	}
	w.mu.Unlock()
	w.busy.Add(-1)
	t.cancel(nil)
}

// doomFor is how long an order to cancel is kept whose activation is not in
// hand: it may have been claimed in this moment.
const doomFor = 10 * time.Second

func (w *Worker) cancel(ref core.Ref) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	maps.DeleteFunc(w.doomed, func(_ core.Ref, since time.Time) bool { return now.Sub(since) > doomFor })
	if t, ok := w.running[ref]; ok {
		t.cancel(errCancelled)
		return
	}
	w.doomed[ref] = now
}
