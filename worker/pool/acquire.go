package pool

import (
	"context"
	"slices"
	"time"
)

// lateAfter is how long Acquire waits before it says so: longer than a queue
// behind quick calls, shorter than a start.
const lateAfter = 25 * time.Millisecond

// waiter is an activation that has no container yet.
type waiter struct {
	need     Need
	group    *group     // of the need's key
	got      chan grant // holds one
	failures int        // starts made for it that failed
}

// grant is a container for a waiter, or why it gets none.
type grant struct {
	container *container
	source    Source
	frozen    bool // it must be thawed first
	reserved  int  // MB, for one that wants no container
	err       error
}

// Acquire returns a container for the activation; it waits until there is
// one, in the order of arrival. late, unless nil, is called once, on the
// caller's goroutine, if that takes more than a moment. Beside ctx's, errors
// are ErrClosed, ErrTooLarge, those of engine.Engine's Create, and whatever a
// peer gave to Lease.Fail.
func (p *Pool) Acquire(ctx context.Context, need Need, late func()) (*Lease, error) {
	if need.Memory > p.opt.Memory {
		return nil, ErrTooLarge
	}
	need.Concurrency = max(1, need.Concurrency)
	g := p.now(need)
	for first := true; ; first = false {
		if g.container == nil {
			g = p.await(ctx, need, !first, &late)
		}
		if g.err != nil {
			return nil, g.err
		}
		if !g.frozen {
			return p.lease(g), nil
		}
		err := p.thaw(ctx, g.container)
		if err == nil {
			return p.lease(g), nil
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		g = grant{}
	}
}

// now returns a container that is free, unless others wait.
func (p *Pool) now(need Need) grant {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.waiters) > 0 || p.closed {
		return grant{}
	}
	return p.pick(need, p.groups[need.Key], true)
}

// await queues up, at the front for one that was served and then let down.
func (p *Pool) await(ctx context.Context, need Need, front bool, late *func()) grant {
	w := &waiter{need: need, got: make(chan grant, 1)}
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return grant{err: ErrClosed}
	}
	w.group = p.group(need.Key)
	if front {
		p.waiters = slices.Insert(p.waiters, 0, w)
	} else {
		p.waiters = append(p.waiters, w)
	}
	p.dispatch()
	p.mu.Unlock()

	if *late != nil {
		timer := time.NewTimer(lateAfter)
		defer timer.Stop()
		select {
		case g := <-w.got:
			return g
		case <-ctx.Done():
		case <-timer.C:
			(*late)()
			*late = nil
		}
	}
	select {
	case g := <-w.got:
		return g
	case <-ctx.Done():
		p.leave(w)
		return grant{err: context.Cause(ctx)}
	}
}

// leave takes a waiter out whose context is over, and gives back what it may
// have got in the same moment.
func (p *Pool) leave(w *waiter) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := slices.Index(p.waiters, w); i >= 0 {
		p.waiters = slices.Delete(p.waiters, i, i+1)
		p.tidy(w.need.Key)
	} else if g := <-w.got; g.container != nil {
		p.untake(g.container)
	} else {
		p.used -= g.reserved
	}
	p.dispatch() // those behind may have been waiting for this one's turn
}

// take marks one slot of c as used, and says whether c must be thawed.
func (p *Pool) take(c *container) (frozen bool) {
	c.uses++
	c.since = time.Now()
	if c.state == paused {
		c.state = resuming
	}
	return c.state != running
}

// untake undoes take.
func (p *Pool) untake(c *container) {
	c.uses--
	c.since = time.Now()
	if c.state == resuming && c.uses == 0 {
		c.state = paused
	}
	if c.doomed && c.uses == 0 {
		p.discard(c)
	}
}

// thaw makes a container run that was taken while frozen or freezing. One
// that cannot is given up.
func (p *Pool) thaw(ctx context.Context, c *container) error {
	p.mu.Lock()
	if settled := c.settled; settled != nil { // it is on its way to being frozen
		p.mu.Unlock()
		<-settled // bounded by the engine's own time limit
		p.mu.Lock()
	}
	if c.state == paused {
		c.state = resuming
	}
	resume := c.state == resuming
	p.mu.Unlock()
	err := errFreeze // it was given up because of that
	if resume {
		err = p.engine.Resume(ctx, c.ID)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil {
		p.log.Warn("container cannot be thawed", "container", c.ID, "err", err)
		c.uses--
		p.discard(c)
		p.dispatch()
		return err
	}
	c.state = running
	c.client.Reset()
	p.dispatch()
	return nil
}
