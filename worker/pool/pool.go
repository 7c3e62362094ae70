// Package pool keeps containers warm. It decides which container serves an
// activation: one that already holds the action, one that is started and
// holds none yet, or a new one; and which must go when memory is short.
//
// A container belongs to one action revision of one namespace from its first
// use on, and is never shared between namespaces. All containers together
// stay within a memory budget; memory counts from the decision to start a
// container until the engine says that it is gone, so that a container that
// has to be killed is dead before another takes its place.
package pool

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/worker/engine"
)

// Failures of Acquire beside those of the engine and of the context.
var (
	// ErrClosed: the pool shuts down.
	ErrClosed = errors.New("container pool is closed")
	// ErrNoRoom: a Fresh container would need the room of another.
	ErrNoRoom = errors.New("pool has no room for a container that nobody waits for")
	// ErrTooLarge: the container would not fit even into an empty pool.
	ErrTooLarge = errors.New("container needs more memory than the pool has")
)

// Key says who may use a container: calls of one action, as it was at one
// revision, that are charged to one namespace.
type Key struct {
	Namespace string
	Action    core.Name
	Revision  string
}

// Image is what a container is made from. Two containers of equal Image that
// hold no action can stand in for each other.
type Image struct {
	Kind    string // of the runtimes manifest, or core.KindBlackbox
	Ref     string // as the engine takes it
	Foreign bool   // see engine.Spec
	Refresh bool   // likewise
	Memory  int    // MB
	Runtime string // see engine.Spec
	// Concurrent tells the runtime to take more than one activation at once.
	Concurrent bool
}

// Need is what an activation wants of its container.
type Need struct {
	Key
	Image
	// Concurrency is how many activations may share a container; at least 1.
	Concurrency int
	// Instances bounds the containers of the action; 0 means no bound.
	Instances int
	// Fresh wants a container that has no action yet, to have it ready for
	// later; none is evicted for it.
	Fresh bool
	// reserve wants memory only, see Reserve.
	reserve bool
}

// Stock is a number of started containers to be kept ready.
type Stock struct {
	Image
	Count int
	// Reactive lets the number follow demand; nil keeps it at Count.
	Reactive *Reactive
}

// Reactive raises a stock by Increment, up to Max, each time that Threshold
// containers of its image were started for somebody who waited within a
// minute, and takes it back to Min once there was no reason to raise it for
// TTL.
type Reactive struct {
	Min, Max             int
	TTL                  time.Duration
	Threshold, Increment int
}

// Options of a Pool. Zero values mean the defaults.
type Options struct {
	// Memory is the budget of all containers, in MB; default 2048.
	Memory int
	// Starts is how many containers start at once; default is the number of
	// processors, at least 2. More only makes each of them slower.
	Starts int
	// Removals is how many containers are removed at once; default 2.
	Removals int
	// Grace is how long a container stays unfrozen after its last use; default
	// 10 s, negative means for ever.
	Grace time.Duration
	// Idle is how long it stays at all; default 10 min.
	Idle time.Duration
	// Stock is what is kept started in advance.
	Stock []Stock
	// Env is given to every container.
	Env map[string]string
	// ReadyTimeout bounds a start; default 60 s.
	ReadyTimeout time.Duration
}

// Pool hands out containers. It is safe for concurrent use; Run must be
// running for anything to start, freeze or go.
type Pool struct {
	engine engine.Engine
	log    *slog.Logger
	opt    Options
	nudge  chan struct{} // something may have to be done by Run

	mu          sync.Mutex
	closed      bool
	groups      map[Key]*group
	stock       []*stock
	kept        map[Key]int // containers that idleness does not end
	all         map[*container]struct{}
	waiters     []*waiter // in order of arrival
	starts      []*container
	removals    []*container
	pauses      []*container
	inspections []*container
	starting    int           // in the engine's hands
	removing    int           // likewise
	used        int           // MB
	started     time.Duration // how long a start takes, a moving average; 0: unknown
	deferred    bool          // somebody waits for a container that is in use
	counts      Counts
}

// New returns a Pool that has no containers.
func New(eng engine.Engine, log *slog.Logger, opt Options) (*Pool, error) {
	opt.Memory = or(opt.Memory, 2048)
	opt.Starts = or(opt.Starts, max(2, runtime.NumCPU()))
	opt.Removals = or(opt.Removals, 2)
	opt.Grace = or(opt.Grace, 10*time.Second)
	opt.Idle = or(opt.Idle, 10*time.Minute)
	opt.ReadyTimeout = or(opt.ReadyTimeout, time.Minute)
	if opt.Memory < 0 || opt.Starts < 0 || opt.Removals < 0 {
		return nil, fmt.Errorf("pool options: memory %d, starts %d, removals %d: none may be negative", opt.Memory, opt.Starts, opt.Removals)
	}
	p := &Pool{
		engine: eng, log: log, opt: opt,
		nudge:  make(chan struct{}, 1),
		groups: map[Key]*group{},
		all:    map[*container]struct{}{},
	}
	for _, s := range opt.Stock {
		p.stock = append(p.stock, newStock(s))
	}
	return p, nil
}

// or returns v, or what stands in for its zero value.
func or[T comparable](v, zero T) T {
	var none T
	if v == none {
		return zero
	}
	return v
}
