package worker

import (
	"context"
	"sync"
	"time"
)

// trouble remembers whether the engine answers. While it does not, the worker
// tells the platform to send nothing, and gives back what it has.
type trouble struct {
	mu    sync.Mutex
	fails int // in a row; 0 when all is well
}

// How long a worker sits on an activation before it gives it back because the
// engine does not answer: it doubles up to the latter.
const (
	sitFirst = 500 * time.Millisecond
	sitMost  = 8 * time.Second
)

func (t *trouble) ready() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.fails == 0
}

// failed notes that the engine did not answer, and returns how long to wait
// before it is asked for anything again.
func (t *trouble) failed() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	wait := min(sitFirst<<min(t.fails, 10), sitMost)
	t.fails++
	return wait
}

func (t *trouble) over() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.fails = 0
}

// probe asks an engine that did not answer whether it does again.
func (w *Worker) probe(ctx context.Context) {
	if w.ready() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, beatEvery)
	defer cancel()
	if _, err := w.deps.Engine.Ping(ctx); err == nil {
		w.over()
		w.deps.Log.Info("container engine answers again")
	}
}
