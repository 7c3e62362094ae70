package control

import (
	"context"
	"time"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/queue"
	"github.com/hearth-faas/hearth/store"
)

// awaited returns the delayed activations that are not due, and how long it is
// until the first is; due are the others. Both are by the clock of Redis: a
// delayed call is promised a time of day.
func awaited(pending store.Pending) (future map[core.ActivationID]bool, first time.Duration, due []core.ActivationID) {
	future = make(map[core.ActivationID]bool, len(pending.Delayed))
	for _, mark := range pending.Delayed {
		if mark.Score <= pending.Now {
			due = append(due, mark.ID)
			continue
		}
		if len(future) == 0 {
			first = time.Duration(mark.Score-pending.Now) * time.Millisecond
		}
		future[mark.ID] = true
	}
	return future, first, due
}

// release queues delayed activations that are due. When all queues are full
// they stay as they are until the next round.
func (r *Reconciler) release(ctx context.Context, ns string, ids []core.ActivationID) error {
	if len(ids) == 0 {
		return nil
	}
	list, _, err := r.plane.db.Records(ctx, ns, ids)
	if err != nil {
		return err
	}
	gone := make(map[core.ActivationID]bool, len(ids))
	for _, id := range ids {
		gone[id] = true
	}
	var due []*core.Activation
	var tasks []queue.Task
	for _, record := range list {
		a := &record.Activation
		if a.State != core.StateQueued || a.Due.IsZero() {
			continue // cancelled, or released by another
		}
		if a.Kind != core.KindSequence {
			if a.Queue, err = r.plane.crew.place(ctx, a, r.plane.opt.MaxQueued); err != nil {
				return err
			}
			tasks = append(tasks, queue.Task{Ref: a.Ref, Queue: a.Queue, Attempt: a.Attempt})
		}
		delete(gone, a.ID)
		due = append(due, a)
	}
	for id := range gone {
		if err := r.plane.db.Undelay(ctx, ns, id); err != nil {
			return err
		}
	}
	if len(due) == 0 {
		return nil
	}
	if err := r.plane.db.Release(ctx, due, r.plane.tasks.Adding(ctx, tasks...)); err != nil {
		return err
	}
	for _, a := range due {
		if a.Kind == core.KindSequence {
			r.plane.resume(ctx, a.Ref)
		}
	}
	return nil
}
