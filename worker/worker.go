// Package worker turns claimed activations into outcomes. It takes tasks from
// the queue, runs each in a container of its pool, and reports what became of
// it; it tells the platform that it lives, and clears away the containers of
// workers that do not.
package worker

import (
	"context"
	"log/slog"
	"time"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/runtime/kinds"
	"github.com/hearth-faas/hearth/store"
	"github.com/hearth-faas/hearth/worker/engine"
	"github.com/hearth-faas/hearth/worker/pool"
)

// Deps are what a Worker works with.
type Deps struct {
	Plane  *control.Plane
	DB     *store.DB
	Engine engine.Engine
	Kinds  *kinds.Manifest
	Log    *slog.Logger
}

// Options of a Worker. Zero values mean the defaults.
type Options struct {
	// ID names the worker; it stays the same when the process starts again,
	// and no two workers of a deployment share it. Required.
	ID string
	// Boot names this process; the engine labels containers with it. Required.
	Boot string
	// APIHost is the URL of the API as containers see it.
	APIHost string
	// Pool bounds the containers. Its Stock and Env are set by the worker.
	Pool pool.Options
	// Drain is how long running activations may go on once the worker is to
	// stop; default 5 min, the longest time limit of an action.
	Drain time.Duration
}

// Worker runs activations.
type Worker struct {
	deps Deps
	opt  Options
	pool *pool.Pool
}

// New makes a Worker and starts nothing.
func New(deps Deps, opt Options) (*Worker, error) {
	opt.Pool.Env = map[string]string{"__OW_API_HOST": opt.APIHost}
	p, err := pool.New(deps.Engine, deps.Log, opt.Pool)
	if err != nil {
		return nil, err
	}
	return &Worker{deps: deps, opt: opt, pool: p}, nil
}

// Run works until ctx is done, then finishes what runs, for at most
// Options.Drain, and removes its containers.
func (w *Worker) Run(ctx context.Context) error { return w.pool.Run(ctx) }

// Stats is the worker at one moment.
type Stats struct {
	Pool pool.Stats
}

// Stats returns the present state.
func (w *Worker) Stats() Stats { return Stats{Pool: w.pool.Stats()} }
