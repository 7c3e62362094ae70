package pool_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/worker/engine"
	"github.com/hearth-faas/hearth/worker/pool"
)

// memory is an engine without containers: it keeps the books and takes time.
type memory struct {
	starts, removes, freezes time.Duration

	mu     sync.Mutex
	n      int
	live   map[string]engine.Spec
	frozen map[string]bool
	used   int
	peak   int // of used
	starting,
	together int // peak of starting
	created, resumed int
	ended            map[string]bool
	removed          []string

	pull       func(engine.Spec) // waits for a registry
	failCreate func(engine.Spec) error
	failPause  func(id string) error
	failResume func(id string) error
	failRemove func(id string) error

	failInspect error
}

var _ engine.Engine = (*memory)(nil)

func newMemory() *memory {
	return &memory{
		starts: 500 * time.Millisecond, removes: 50 * time.Millisecond, freezes: 15 * time.Millisecond,
		live: map[string]engine.Spec{}, frozen: map[string]bool{}, ended: map[string]bool{},
	}
}

func (m *memory) Ping(context.Context) (engine.Info, error) { return engine.Info{Name: "memory"}, nil }

func (m *memory) Create(ctx context.Context, spec engine.Spec) (engine.Container, error) {
	m.mu.Lock()
	m.created++
	m.starting++
	m.together = max(m.together, m.starting)
	m.used += spec.Memory
	m.peak = max(m.peak, m.used)
	fail, pull := m.failCreate, m.pull
	m.mu.Unlock()
	if pull != nil {
		spec.Pulling(true)
		pull(spec)
		spec.Pulling(false)
	}
	err := wait(ctx, m.starts)
	if err == nil && fail != nil {
		err = fail(spec)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.starting--
	if err != nil {
		m.used -= spec.Memory
		return engine.Container{}, err
	}
	m.n++
	id := fmt.Sprintf("c%d", m.n)
	m.live[id] = spec
	return engine.Container{ID: id, Network: "unix", Address: "/nowhere/" + id}, nil
}

func (m *memory) Pause(ctx context.Context, id string) error {
	if err := wait(ctx, m.freezes); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failPause != nil {
		if err := m.failPause(id); err != nil {
			return err
		}
	}
	m.frozen[id] = true
	return nil
}

func (m *memory) Resume(ctx context.Context, id string) error {
	if err := wait(ctx, m.freezes); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failResume != nil {
		if err := m.failResume(id); err != nil {
			return err
		}
	}
	m.resumed++
	delete(m.frozen, id)
	return nil
}

func (m *memory) Inspect(_ context.Context, id string) (engine.Status, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failInspect != nil {
		return engine.Status{}, m.failInspect
	}
	return engine.Status{Running: !m.ended[id]}, nil
}

// end ends the output of a container, and the container too if it dies. fails
// is what the engine answers from now on when it is asked about one.
func (m *memory) end(id string, dies bool, fails error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.failInspect = fails
	m.ended[id] = dies
	m.live[id].Output.End()
}

func (m *memory) Remove(ctx context.Context, id string) error {
	if err := wait(ctx, m.removes); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failRemove != nil {
		if err := m.failRemove(id); err != nil {
			return err
		}
	}
	if spec, ok := m.live[id]; ok {
		m.used -= spec.Memory
		delete(m.live, id)
		m.removed = append(m.removed, id)
	}
	return nil
}

func (m *memory) List(context.Context) ([]engine.Listed, error) { return nil, nil }

// count reads a counter under the lock.
func (m *memory) count(of func(*memory) int) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return of(m)
}

// gone returns the removed containers, in order.
func (m *memory) gone() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.removed)
}

func created(m *memory) int { return m.created }
func most(m *memory) int    { return m.peak }
func rush(m *memory) int    { return m.together }
func alive(m *memory) int   { return len(m.live) }
func asleep(m *memory) int  { return len(m.frozen) }

func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// begin runs a pool until the test ends. It is called inside a bubble.
func begin(t *testing.T, m *memory, opt pool.Options) *pool.Pool {
	t.Helper()
	if opt.Starts == 0 {
		opt.Starts = 2
	}
	p, err := pool.New(m, slog.New(slog.DiscardHandler), opt)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
		if n := m.count(alive); n != 0 {
			t.Errorf("%d containers outlived the pool", n)
		}
	})
	return p
}

func need(namespace, action string, memory int) pool.Need {
	return pool.Need{
		Key:   pool.Key{Namespace: namespace, Action: core.Name{Namespace: namespace, Name: action}, Revision: "1"},
		Image: pool.Image{Kind: "nodejs:24", Ref: "hearth/runtime-nodejs:24", Memory: memory},
	}
}

// acquire takes a container and initialises it if need be.
func acquire(t *testing.T, p *pool.Pool, n pool.Need) *pool.Lease {
	t.Helper()
	l, err := p.Acquire(t.Context(), n, nil)
	if err != nil {
		t.Fatalf("acquire for %s: %v", n.Action, err)
	}
	if l.Source != pool.SourceWarm {
		l.Initialised()
	}
	return l
}
