package pool

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// How often Run looks around by itself: for containers to freeze, to expire
// and to stock, and, while somebody waits for a container in use, for whether
// a start would be better after all.
const (
	lookAround = 250 * time.Millisecond
	lookAgain  = 10 * time.Millisecond
)

// shutdown is the time that the removal of all containers may take.
const shutdown = 30 * time.Second

// Run starts, freezes and removes containers until ctx is done; then it turns
// away all who wait, and removes every container. Leases should have ended by
// then: what still runs is killed.
func (p *Pool) Run(ctx context.Context) error {
	var work sync.WaitGroup
	tick := time.NewTicker(lookAround)
	defer tick.Stop()
	p.sweep()
	for ctx.Err() == nil {
		jobs, deferred := p.jobs()
		for _, job := range jobs {
			work.Go(func() { job(ctx) })
		}
		var again <-chan time.Time
		if deferred {
			again = time.After(lookAgain)
		}
		select {
		case <-ctx.Done():
		case <-p.nudge:
		case <-tick.C:
			p.sweep()
		case <-again:
			p.mu.Lock()
			p.dispatch()
			p.mu.Unlock()
		}
	}
	p.close()
	work.Wait() // before the removal: a start may still have added a container
	return p.removeAll(context.WithoutCancel(ctx))
}

// sweep does what time brings about.
func (p *Pool) sweep() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	p.inspect(now)
	p.freeze(now)
	p.expire(now)
	p.dispatch()
	p.shrink(now)
	p.replenish(now)
}

// jobs returns the engine's work that is due, each to be run on a goroutine,
// and whether somebody waits whose case is to be looked at again.
func (p *Pool) jobs() (jobs []func(context.Context), deferred bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.starts {
		p.starting++
		jobs = append(jobs, func(ctx context.Context) { p.create(ctx, c) })
	}
	p.starts = nil
	for _, c := range p.pauses {
		jobs = append(jobs, func(ctx context.Context) { p.pause(ctx, c) })
	}
	p.pauses = nil
	for _, c := range p.inspections {
		jobs = append(jobs, func(ctx context.Context) { p.look(ctx, c) })
	}
	p.inspections = nil
	for len(p.removals) > 0 && p.removing < p.opt.Removals {
		c := p.removals[0]
		p.removals = p.removals[1:]
		p.removing++
		jobs = append(jobs, func(ctx context.Context) { p.remove(ctx, c) })
	}
	return jobs, p.deferred
}

func (p *Pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, w := range p.waiters {
		w.got <- grant{err: ErrClosed}
	}
	p.waiters = nil
}

func (p *Pool) removeAll(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, shutdown)
	defer cancel()
	p.mu.Lock()
	var left []*container
	for c := range p.all {
		if c.ID != "" {
			left = append(left, c)
		}
	}
	p.mu.Unlock()
	var (
		work sync.WaitGroup
		mu   sync.Mutex
		errs []error
		sem  = make(chan struct{}, 2*p.opt.Removals)
	)
	for _, c := range left {
		sem <- struct{}{}
		work.Go(func() {
			defer func() { <-sem }()
			if err := p.engine.Remove(ctx, c.ID); err != nil {
				mu.Lock()
				defer mu.Unlock()
				errs = append(errs, fmt.Errorf("remove container %s: %w", c.ID, err))
				return
			}
			c.client.Close()
			p.mu.Lock()
			defer p.mu.Unlock()
			p.forget(c)
		})
	}
	work.Wait()
	return errors.Join(errs...)
}
