package worker

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
	"github.com/hearth-faas/hearth/worker/replica"
)

const (
	// crewEvery is how often the worker looks whether another has come or
	// gone, which changes the portions.
	crewEvery = 2 * time.Second
	// allEvery is how often it looks at all functions, in case a change was
	// not told.
	allEvery = 15 * time.Second
)

// functions has the replicas of functions that fall to this worker, until
// life ends or the worker is to stop.
func (w *Worker) functions(claiming, life context.Context) error {
	changes, stop := w.deps.Plane.Fleet().Watch()
	defer stop()
	tick := time.NewTicker(crewEvery)
	defer tick.Stop()
	var crew []string
	looked := time.Time{}
	for claiming.Err() == nil {
		now, err := w.crew(life)
		if err == nil && w.ready() && (!slices.Equal(now, crew) || time.Since(looked) > allEvery) {
			if err = w.apportion(life); err == nil {
				crew, looked = now, time.Now()
			}
		}
		if err != nil && life.Err() == nil {
			w.deps.Log.Warn("functions cannot be looked at", "err", err)
		}
		select {
		case <-claiming.Done():
		case <-life.Done():
			return nil
		case <-changes:
			looked = time.Time{}
		case <-tick.C:
		}
	}
	return nil
}

// crew is the tokens of the workers that share the work.
func (w *Worker) crew(ctx context.Context) ([]string, error) {
	live, err := w.deps.Plane.Workers(ctx)
	if err != nil {
		return nil, err
	}
	var tokens []string
	for _, o := range live {
		if !o.Drains {
			tokens = append(tokens, o.Token())
		}
	}
	return tokens, nil
}

// apportion tells the manager what it shall have.
func (w *Worker) apportion(ctx context.Context) error {
	portions, err := w.deps.Plane.Fleet().Portions(ctx, w.opt.ID)
	if err != nil {
		return err
	}
	var targets []replica.Target
	for _, name := range slices.SortedFunc(maps.Keys(portions), func(a, b core.Name) int { return cmp.Compare(a.Full(), b.Full()) }) {
		t, err := w.target(ctx, portions[name])
		if err != nil {
			return err
		}
		targets = append(targets, t)
	}
	w.replicas.Set(targets)
	return nil
}

func (w *Worker) target(ctx context.Context, p control.Portion) (replica.Target, error) {
	t := replica.Target{Action: p.Action, Count: p.Count}
	if names := p.Action.Function.Secrets; len(names) > 0 {
		var err error
		if t.Secrets, err = w.deps.DB.Secrets(ctx, p.Action.Name.Namespace, names); err != nil {
			return t, err
		}
	}
	return t, nil
}

// Replicas serves calls of functions that have replicas here.
func (w *Worker) Replicas() *replica.Manager { return w.replicas }

func (w *Worker) report(ctx context.Context, name core.Name, s store.Share) error {
	return w.deps.DB.PutShare(ctx, name, s)
}

// Token names the worker process.
func (w *Worker) Token() string { return w.token }
