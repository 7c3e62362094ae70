// Package replica keeps containers of functions running. Unlike those of the
// pool they live long, and each serves several requests at once.
//
// A Manager is told how many replicas of which function this worker shall
// have, and brings that about: it starts and restarts them, replaces them one
// by one when the function has changed, and drains those that are too many.
// Nothing here polls.
package replica

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
	"github.com/hearth-faas/hearth/worker/engine"
	"github.com/hearth-faas/hearth/worker/pool"
	"github.com/hearth-faas/hearth/worker/protocol/watchdog"
)

// Target is what this worker shall have of one function.
type Target struct {
	Action *core.Action // with a Function
	Count  int          // of replicas
	// Secrets are the values of the function's secrets, by name.
	Secrets map[string][]byte
}

// Options of a Manager. Zero values mean the defaults.
type Options struct {
	// Worker is the token of the worker process, for its shares.
	Worker string
	// Report tells the platform what there is of a function. It is called from
	// one goroutine, and again a second after an error. Required.
	Report func(context.Context, core.Name, store.Share) error
	// Log writes lines that functions print; nil drops them.
	Log func(context.Context, []store.FunctionLine) error
	// ReadyTimeout is how long a replica may take until it is ready; default
	// 100 s.
	ReadyTimeout time.Duration
	// Timeout is how long a call may take until its answer begins; default
	// 60 s.
	Timeout time.Duration
	// Backoff is the first pause before a replica that failed is replaced; it
	// doubles up to a minute. Default 1 s.
	Backoff time.Duration
}

// Manager keeps replicas. It is safe for concurrent use; Run must be running
// for anything to start or end.
type Manager struct {
	engine  engine.Engine
	memory  *pool.Pool
	log     *slog.Logger
	opt     Options
	forward *watchdog.Forwarder
	nudge   chan struct{} // there may be something to do
	printed *printed

	mu   sync.Mutex
	sets map[core.Name]*set
}

// New returns a Manager without replicas. Their memory comes out of the
// budget of the pool.
func New(eng engine.Engine, memory *pool.Pool, log *slog.Logger, opt Options) *Manager {
	if opt.ReadyTimeout == 0 {
		opt.ReadyTimeout = 100 * time.Second
	}
	if opt.Timeout == 0 {
		opt.Timeout = time.Minute
	}
	if opt.Backoff == 0 {
		opt.Backoff = time.Second
	}
	m := &Manager{engine: eng, memory: memory, log: log, opt: opt, nudge: make(chan struct{}, 1), printed: newPrinted(), sets: map[core.Name]*set{}}
	m.forward = watchdog.NewForwarder(transport{m}, failed)
	return m
}

// Set says what this worker shall have from now on. Functions that are not
// among the targets end.
func (m *Manager) Set(targets []Target) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.sets {
		s.target.Count = 0
	}
	for _, t := range targets {
		s := m.sets[t.Action.Name]
		if s == nil {
			s = &set{}
			m.sets[t.Action.Name] = s
		}
		if s.target.Action == nil || s.target.Action.Revision != t.Action.Revision {
			s.failures, s.rest, s.trouble = 0, time.Time{}, "" // a new one may do better
		}
		s.target = t
	}
	m.wake()
}

// wake has Run look for work.
func (m *Manager) wake() {
	select {
	case m.nudge <- struct{}{}:
	default:
	}
}

// Ready returns how many replicas of the function take calls here.
func (m *Manager) Ready(name core.Name) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	if s := m.sets[name]; s != nil {
		return len(s.of(ready))
	}
	return 0
}
