package worker

import (
	"sync/atomic"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/worker/pool"
)

// Stats is the worker at one moment. Counts are since it was made.
type Stats struct {
	Pool  pool.Stats
	Ready bool // the engine answers
	Slots int
	Busy  int // activations in hand, those without a container included
	// Ended counts activations by core.Status, requeued ones apart.
	Ended    [4]int64
	Requeued int64
	TimedOut int64
	Orphans  int64 // containers of dead workers that were removed
}

type tally struct {
	beats                       atomic.Int64
	ended                       [4]atomic.Int64
	requeued, timedOut, orphans atomic.Int64
}

func (t *tally) end(out core.Outcome) {
	if s := int(out.Status); s >= 0 && s < len(t.ended) {
		t.ended[s].Add(1)
	}
	if out.TimedOut {
		t.timedOut.Add(1)
	}
}

// Stats returns the present state.
func (w *Worker) Stats() Stats {
	s := Stats{
		Pool: w.pool.Stats(), Ready: w.ready(), Slots: w.opt.Slots, Busy: int(w.busy.Load()),
		Requeued: w.tally.requeued.Load(), TimedOut: w.tally.timedOut.Load(), Orphans: w.tally.orphans.Load(),
	}
	for i := range s.Ended {
		s.Ended[i] = w.tally.ended[i].Load()
	}
	return s
}
