package control

import (
	"context"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/queue"
	"github.com/hearth-faas/hearth/store"
)

// cancelTries is how often Cancel looks again at an activation that moves on
// in the same moment. Each time it has got further.
const cancelTries = 10

// Cancel ends a queued or delayed activation at once, and asks the worker of a
// running one to kill it, which takes about a second. A sequence or
// composition ends at once, and its current step with it. Who ends first
// decides: an action that is done before its worker hears of it is done.
// KindConflict: it has ended. KindNotFound: there is none.
func (p *Plane) Cancel(ctx context.Context, who core.Subject, id core.ActivationID) error {
	return p.cancel(ctx, core.Ref{Namespace: who.Namespace.Name, ID: id})
}

func (p *Plane) cancel(ctx context.Context, ref core.Ref) error {
	var err error
	for range cancelTries {
		var r *store.Record
		if r, err = p.db.Activation(ctx, ref); err != nil {
			return err
		}
		switch {
		case r.State == core.StateDone:
			return core.Errorf(core.KindConflict, "The activation has ended.")
		case r.State == core.StateRunning && r.Worker != "":
			err = p.db.AskCancel(ctx, &r.Activation)
		default:
			err = p.cancelNow(ctx, r)
		}
		if core.KindOf(err) != core.KindConflict {
			break
		}
	}
	return err
}

// cancelNow ends what no worker has, and the steps that it has begun.
func (p *Plane) cancelNow(ctx context.Context, r *store.Record) error {
	if err := p.end(ctx, r, core.ReasonCancelled); err != nil || r.Progress == nil {
		return err
	}
	// Moves may have been made since the record was read, none can be from now on.
	pg, _ := decodeProgress(r)
	for step := max(0, len(pg.Steps)-1); ; step++ {
		err := p.cancel(ctx, core.Ref{Namespace: r.Namespace, ID: deriveStep(r.ID, step)})
		switch {
		case core.KindOf(err) == core.KindNotFound:
			return nil
		case err != nil && core.KindOf(err) != core.KindConflict:
			return err
		}
	}
}

// giveBack returns an attempt to the queue that all workers serve; one that
// was to be cancelled ends instead. lost says that its worker has died.
func (p *Plane) giveBack(ctx context.Context, a *core.Activation, lost bool) error {
	cancelled, err := p.db.Requeue(ctx, a, queue.Overflow, lost)
	if err != nil {
		return err
	}
	if cancelled {
		r := &store.Record{Activation: *a}
		r.State, r.Worker = core.StateQueued, ""
		return p.end(ctx, r, core.ReasonCancelled)
	}
	return p.tasks.Enqueue(ctx, queue.Task{Ref: a.Ref, Queue: queue.Overflow, Attempt: a.Attempt})
}
