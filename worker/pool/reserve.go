package pool

import (
	"context"
	"sync"
)

// Reserve takes memory, in MB, out of the budget for a container that the
// pool does not manage. It waits for its turn among those that wait for a
// container, and idle containers make room for it. release gives the memory
// back, and may be repeated. Beside ctx's, errors are ErrClosed and
// ErrTooLarge.
func (p *Pool) Reserve(ctx context.Context, memory int) (release func(), err error) {
	if memory > p.opt.Memory {
		return nil, ErrTooLarge
	}
	var nobody func()
	need := Need{Image: Image{Memory: memory}, Concurrency: 1, reserve: true}
	if g := p.await(ctx, need, false, &nobody); g.err != nil {
		return nil, g.err
	}
	var once sync.Once
	return func() { once.Do(func() { p.unreserve(memory) }) }, nil
}

// reserved gives a waiter its memory, if it is there; otherwise it makes room
// and reports false.
func (p *Pool) reserved(w *waiter) bool {
	if p.used+w.need.Memory > p.opt.Memory {
		p.makeRoom(w.need.Memory)
		return false
	}
	p.used += w.need.Memory
	w.got <- grant{reserved: w.need.Memory}
	return true
}

func (p *Pool) unreserve(memory int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.used -= memory
	p.dispatch()
}
