package worker

import (
	"context"
	"time"

	"github.com/hearth-faas/hearth/store"
	"github.com/hearth-faas/hearth/worker/engine"
)

// reapEvery is the pause between looks for containers that nobody owns.
const reapEvery = 15 * time.Second

// adopt is how old a container of an unknown worker must be before it is
// taken for an orphan: its worker may be about to announce itself. With
// reapEvery it keeps the time that orphans live below a minute.
const adopt = 20 * time.Second

// reap removes the containers, in every state, that dead processes of this
// worker left behind, and those of workers that are gone; now and every
// reapEvery.
func (w *Worker) reap(ctx context.Context) error {
	tick := time.NewTicker(reapEvery)
	defer tick.Stop()
	for {
		if err := w.reapOnce(ctx); err != nil && ctx.Err() == nil {
			w.deps.Log.Warn("orphans were not removed", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (w *Worker) reapOnce(ctx context.Context) error {
	listed, err := w.deps.Engine.List(ctx)
	if err != nil {
		return err
	}
	known, err := w.deps.DB.Workers(ctx)
	if err != nil {
		return err // who is gone cannot be told
	}
	now := time.Now()
	for _, c := range listed {
		if !orphaned(c, w.opt.ID, w.opt.Boot, known, now) {
			continue
		}
		if err := w.deps.Engine.Remove(ctx, c.ID); err != nil {
			w.deps.Log.Warn("orphan cannot be removed", "container", c.ID, "err", err)
			continue
		}
		w.tally.orphans.Add(1)
		w.deps.Log.Info("orphan removed", "container", c.ID, "owner", c.Labels[engine.LabelWorker])
	}
	return nil
}

// orphaned says whether a container's process is dead. A worker's name
// belongs to one process at a time, so another boot of one's own is dead at
// once. Of other workers only those count as dead that the platform does not
// know any more: it forgets the lost.
func orphaned(c engine.Listed, id, boot string, known []store.Worker, now time.Time) bool {
	owner, of := c.Labels[engine.LabelWorker], c.Labels[engine.LabelBoot]
	if owner == id {
		return of != boot
	}
	for _, k := range known {
		if k.ID == owner {
			return k.Boot != of
		}
	}
	return now.Sub(c.Created) > adopt
}
