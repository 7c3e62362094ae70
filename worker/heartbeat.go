package worker

import (
	"context"
	"errors"
	"time"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

// beatEvery is the pause between heartbeats. A worker that misses five is
// taken for lost.
const beatEvery = time.Second

// errCancelled is why an activation's context ends that somebody cancelled.
var errCancelled = errors.New("activation was cancelled")

// heartbeats tells the platform every second that the worker lives, until
// life ends; from the end of claiming on, that it takes no new work.
func (w *Worker) heartbeats(claiming, life context.Context) error {
	tick := time.NewTicker(beatEvery)
	defer tick.Stop()
	for {
		select {
		case <-life.Done():
			return nil
		case <-tick.C:
		}
		w.probe(life)
		if err := w.beat(life, claiming.Err() != nil); err != nil && life.Err() == nil {
			w.deps.Log.Warn("heartbeat was not written", "err", err)
		}
	}
}

// beat writes one heartbeat, and does what it is told to: ends activations,
// and shows the lines of others.
func (w *Worker) beat(ctx context.Context, drains bool) error {
	orders, err := w.deps.DB.Heartbeat(ctx, w.state(drains))
	if err != nil {
		return err
	}
	for _, ref := range orders.Cancel {
		w.cancel(ref)
	}
	w.watch(orders.Watch)
	return nil
}

// state is what the worker says of itself.
func (w *Worker) state(drains bool) store.Worker {
	kinds := append(w.deps.Kinds.Names(), core.KindBlackbox)
	if w.opt.Functions {
		kinds = append(kinds, core.KindFunction)
	}
	return store.Worker{
		Ingress: w.opt.Ingress, IngressKey: w.opt.IngressKey,
		ID: w.opt.ID, Boot: w.opt.Boot, Beat: w.tally.beats.Add(1), Slots: w.opt.Slots, Busy: int(w.busy.Load()),
		Kinds: kinds, Engine: w.opt.Engine, Host: w.opt.Host,
		Drains: drains || !w.ready(),
	}
}

// leave says that the worker is gone: what it was given goes to others now,
// not when it has been missed.
func (w *Worker) leave(ctx context.Context) error {
	last := w.state(true)
	if _, err := w.deps.DB.Heartbeat(ctx, last); err != nil {
		return err
	}
	return w.deps.DB.RemoveWorker(ctx, last)
}
