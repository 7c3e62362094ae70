package control

import (
	"context"
	"time"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

// Postpone ends the running attempt of a without an outcome: after the delay
// the activation is queued once more, with one retry more, whichever processes
// live then. One that was to be cancelled ends instead. KindConflict: the
// attempt has been taken away.
func (p *Plane) Postpone(ctx context.Context, a *core.Activation, delay time.Duration) error {
	cancelled, err := p.db.Postpone(ctx, a, delay)
	if err != nil || !cancelled {
		return err
	}
	r := &store.Record{Activation: *a}
	r.State, r.Worker = core.StateQueued, ""
	return p.end(ctx, r, core.ReasonCancelled)
}
