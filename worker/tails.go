package worker

import (
	"context"
	"time"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
	"github.com/hearth-faas/hearth/worker/protocol/whisk"
)

const (
	// tailEvery is the pause between two looks at what is watched.
	tailEvery = 200 * time.Millisecond
	// tailChunk bounds the bytes that one look adds to one tail.
	tailChunk = 256 << 10
	// watchFor is how long a watch lasts without being asked for again.
	watchFor = 15 * time.Second
)

// watched is an activation whose lines somebody wants to see.
type watched struct {
	until   time.Time
	asked   bool // since the last look
	capture *whisk.Capture
	written int // lines of capture
}

// watch has the lines of activations written to their tails for a while.
// Those that are not in hand are ignored: their records tell how they ended.
func (w *Worker) watch(refs []core.Ref) {
	if len(refs) == 0 {
		return
	}
	until := time.Now().Add(watchFor)
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, ref := range refs {
		if _, ok := w.running[ref]; !ok {
			continue
		}
		if w.watched[ref] == nil {
			w.watched[ref] = &watched{}
		}
		w.watched[ref].until, w.watched[ref].asked = until, true
	}
	select {
	case w.watches <- struct{}{}:
	default:
	}
}

// tails writes the lines of what is watched, until ctx is done. While nothing
// is, it does nothing.
func (w *Worker) tails(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-w.watches:
		}
		down := false
		for sleep(ctx, tailEvery) {
			chunks, more := w.chunks(time.Now())
			if !more {
				break
			}
			down = w.append(ctx, chunks, down)
		}
	}
}

// append writes the chunks. What cannot be written is tried again with the
// next look; down says that it was so before.
func (w *Worker) append(ctx context.Context, chunks []store.TailChunk, down bool) bool {
	if len(chunks) == 0 {
		return down
	}
	ctx, cancel := context.WithTimeout(ctx, beatEvery)
	defer cancel()
	if err := w.deps.DB.AppendTails(ctx, chunks); err != nil {
		if !down {
			w.deps.Log.Warn("tails of running activations cannot be written", "err", err)
		}
		return true
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range chunks {
		if v := w.watched[c.Ref]; v != nil {
			v.written, v.asked = c.First+len(c.Lines), false
		}
	}
	return false
}

// chunks returns what is new of all that is watched, and whether anything is.
func (w *Worker) chunks(now time.Time) (chunks []store.TailChunk, more bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for ref, v := range w.watched {
		t, ok := w.running[ref]
		if !ok || now.After(v.until) {
			delete(w.watched, ref)
			continue
		}
		capture := t.capture.Load()
		if capture == nil {
			continue
		}
		if capture != v.capture { // its first container, or another
			v.capture, v.written = capture, 0
		}
		if lines := capture.Since(v.written, tailChunk); len(lines) > 0 || v.asked {
			chunks = append(chunks, store.TailChunk{Ref: ref, Attempt: t.attempt, First: v.written, Lines: lines})
		}
	}
	return chunks, len(w.watched) > 0
}
