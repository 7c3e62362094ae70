// Package worker turns claimed activations into outcomes. It takes tasks from
// the queue, runs each in a container of its pool, and reports what became of
// it. It tells the platform that it lives, and clears away the containers of
// workers that do not.
package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/queue"
	"github.com/hearth-faas/hearth/runtime/kinds"
	"github.com/hearth-faas/hearth/store"
	"github.com/hearth-faas/hearth/worker/engine"
	"github.com/hearth-faas/hearth/worker/pool"
	"github.com/hearth-faas/hearth/worker/replica"
)

// Deps are what a Worker works with. All but Function are required.
type Deps struct {
	Plane  *control.Plane
	DB     *store.DB
	Engine engine.Engine
	Kinds  *kinds.Manifest
	Log    *slog.Logger
	// Serve runs a queue server on the platform's Redis, as queue.Server.Run
	// does.
	Serve func(context.Context, queue.Options, queue.Handler) error
	// Function calls functions; without it, none can be invoked here.
	Function FunctionCall
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
	// Engine and Host describe the worker to people.
	Engine, Host string
	// Pool bounds the containers. Its Env and, where it has none, its Stock
	// are set by the worker.
	Pool pool.Options
	// Replicas are the settings of the replicas of functions. Worker, Report and
	// Log are set by the worker.
	Replicas replica.Options
	// Functions says that images of functions can run here.
	Functions bool
	// Ingress is the base URL at which other processes reach the replicas, and
	// IngressKey the secret that they must give; empty where none do.
	Ingress, IngressKey string
	// Slots is how many activations are claimed at once; default is as many of
	// the smallest containers as fit into the pool.
	Slots int
	// Drain is how long running activations may go on once the worker is to
	// stop; default 5 min, the longest time limit of an action.
	Drain time.Duration
}

// smallest is the least memory of an action, in MB.
const smallest = 128

// defaultMemory is the pool's budget, in MB.
const defaultMemory = 2048

// Worker runs activations.
type Worker struct {
	deps  Deps
	opt   Options
	token string // of this process: what it claims under
	queue string // of its own tasks
	pool  *pool.Pool
	// replicas of functions, with which the pool shares its memory.
	replicas *replica.Manager
	trouble

	busy  atomic.Int64
	tally tally

	mu      sync.Mutex
	running map[core.Ref]*tracked
	doomed  map[core.Ref]time.Time // to be cancelled, and not in hand
	watched map[core.Ref]*watched
	watches chan struct{} // something is watched
}

// New makes a Worker and starts nothing.
func New(deps Deps, opt Options) (*Worker, error) {
	if opt.ID == "" || opt.Boot == "" {
		return nil, errors.New("worker options: ID and Boot are required")
	}
	if opt.Drain == 0 {
		opt.Drain = core.DefaultRange().Max.Timeout
	}
	if opt.Pool.Memory == 0 {
		opt.Pool.Memory = defaultMemory
	}
	if opt.Slots == 0 {
		opt.Slots = max(1, opt.Pool.Memory/smallest)
	}
	opt.Pool.Env = map[string]string{"__OW_API_HOST": opt.APIHost}
	if opt.Pool.Stock == nil {
		opt.Pool.Stock = stock(deps.Kinds)
	}
	deps.Log = deps.Log.With("worker", opt.ID)
	p, err := pool.New(deps.Engine, deps.Log, opt.Pool)
	if err != nil {
		return nil, err
	}
	self := store.Worker{ID: opt.ID, Boot: opt.Boot}
	w := &Worker{
		deps: deps, opt: opt, pool: p, token: self.Token(), queue: self.Queue(),
		running: map[core.Ref]*tracked{}, doomed: map[core.Ref]time.Time{}, watched: map[core.Ref]*watched{}, watches: make(chan struct{}, 1),
	}
	opt.Replicas.Worker, opt.Replicas.Report, opt.Replicas.Log = w.token, w.report, deps.Plane.AppendFunctionLog
	w.replicas = replica.New(deps.Engine, p, deps.Log, opt.Replicas)
	return w, nil
}

// stock is what the manifest wants to be kept started.
func stock(m *kinds.Manifest) []pool.Stock {
	var all []pool.Stock
	for _, name := range m.Names() {
		kind, _ := m.Lookup(name)
		for _, cell := range kind.StemCells {
			s := pool.Stock{Image: image(kind, cell.Memory, false), Count: cell.Count}
			if r := cell.Reactive; r != nil {
				s.Reactive = &pool.Reactive{Min: r.Min, Max: r.Max, TTL: r.TTL, Threshold: r.Threshold, Increment: r.Increment}
			}
			all = append(all, s)
		}
	}
	return all
}

// Run works until ctx is done. Then it claims nothing more, gives back what
// waits for a container, lets what runs end within Options.Drain, and removes
// its containers.
func (w *Worker) Run(ctx context.Context) error {
	if err := w.beat(ctx, false); err != nil { // no claim before the platform knows whose it is
		return fmt.Errorf("announce worker: %w", err)
	}
	late := context.WithoutCancel(ctx)
	support, stop := context.WithCancel(late)
	defer stop()
	var served error
	group, support := errgroup.WithContext(support)
	group.Go(func() error { return w.pool.Run(support) })
	group.Go(func() error { return w.heartbeats(ctx, support) })
	group.Go(func() error { return w.reap(support) })
	group.Go(func() error { return w.tails(support) })
	group.Go(func() error { return w.stand(ctx, support) })
	group.Go(func() error { return w.replicas.Run(ctx) })
	group.Go(func() error { return w.functions(ctx, support) })
	group.Go(func() error {
		// The order: the queue's handlers end before the pool under them, and
		// before the heartbeats that keep their claims.
		defer stop()
		served = w.deps.Serve(ctx, queue.Options{
			Queues: []string{w.queue, queue.Overflow, queue.Background}, Concurrency: w.opt.Slots, Drain: w.opt.Drain, Grace: grace,
		}, func(work context.Context, ref core.Ref) error { return w.handle(ctx, work, ref) })
		return nil
	})
	err := errors.Join(served, group.Wait())
	leave, cancel := context.WithTimeout(late, grace)
	defer cancel()
	return errors.Join(err, w.leave(leave))
}

// grace is how long what must still be written may take at the end.
const grace = 10 * time.Second
