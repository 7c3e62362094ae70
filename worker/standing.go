package worker

import (
	"context"
	"maps"
	"time"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/worker/pool"
)

const (
	// standingEvery is how often the worker looks for what it has to keep
	// ready.
	standingEvery = 5 * time.Second
	// standingRest is how long an action is left alone that could not be made
	// ready.
	standingRest = time.Minute
)

// stand keeps actions ready that ask for it, until life ends or the worker is
// to stop.
func (w *Worker) stand(claiming, life context.Context) error {
	rests := map[pool.Key]time.Time{} // until when
	for claiming.Err() == nil {
		// The heartbeat tells of a Redis that does not answer.
		if list, err := w.deps.Plane.Standing(life, w.opt.ID); err == nil {
			now := time.Now()
			maps.DeleteFunc(rests, func(_ pool.Key, until time.Time) bool { return now.After(until) })
			w.uphold(life, list, rests)
		}
		if !sleep(life, standingEvery) {
			break
		}
	}
	return nil
}

// uphold starts what is lacking, one container at a time, for at most half of
// the pool's memory; rests holds those to be left alone, and gets those that
// failed.
func (w *Worker) uphold(ctx context.Context, list []control.Standing, rests map[pool.Key]time.Time) {
	kept := map[pool.Key]int{}
	needs := map[pool.Key]*job{}
	room := w.opt.Pool.Memory / 2
	for _, s := range list {
		j := &job{w: w, a: s.Activation, tracked: &tracked{}, unsent: true, log: w.deps.Log.With(
			"namespace", s.Activation.Namespace, "action", s.Activation.Action.String())}
		need, err := j.need(ctx)
		if err != nil {
			continue
		}
		n := min(s.Count, room/need.Memory)
		room -= n * need.Memory
		kept[need.Key], needs[need.Key] = n, j
	}
	w.pool.Keep(kept)
	for key, j := range needs {
		for rests[key].IsZero() && w.pool.Holds(key) < kept[key] && ctx.Err() == nil {
			if err := j.warm(ctx); err != nil {
				j.log.Warn("action cannot be kept ready", "err", err)
				rests[key] = time.Now().Add(standingRest)
			}
		}
	}
}

// warm initialises one more container.
func (j *job) warm(ctx context.Context) error {
	need, err := j.need(ctx)
	if err != nil {
		return err
	}
	need.Fresh = true
	action, err := j.action(ctx, true)
	if err != nil {
		return err
	}
	j.exec = &action.Exec
	lease, err := j.w.pool.Acquire(ctx, need, nil)
	if err != nil {
		return err
	}
	j.began = time.Now()
	if how, out := j.initialise(ctx, lease); how != answered {
		lease.Destroy()
		return endError{out}
	}
	lease.Initialised()
	lease.Park()
	return nil
}
