package pool

import (
	"context"
	"slices"
	"time"
)

// expiring is how many containers at once may be on their way out because
// nobody used them: removals cost the daemon what starts could need.
const expiring = 1

// Between attempts to remove a container that the engine cannot remove.
const (
	removeAgain    = time.Second
	removeAgainMax = time.Minute
)

// expire removes containers that were not used for long, at a low rate: each
// look around adds one, when no other removal is pending.
func (p *Pool) expire(now time.Time) {
	if p.removing+len(p.removals) >= expiring {
		return
	}
	var oldest *container
	for c := range p.all {
		if c.key == (Key{}) || !c.idle() || now.Sub(c.since) < p.opt.Idle || p.keeps(c) {
			continue
		}
		if oldest == nil || c.since.Before(oldest.since) {
			oldest = c
		}
	}
	if oldest != nil {
		p.discard(oldest)
	}
}

// remove has the engine remove c, again and again if need be: until then it
// may be running, and its memory is not free.
func (p *Pool) remove(ctx context.Context, c *container) {
	err := p.engine.Remove(ctx, c.ID)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.removing--
	if err == nil {
		c.client.Close()
		p.forget(c)
		p.dispatch()
		return
	}
	if ctx.Err() != nil {
		return
	}
	p.log.Warn("container cannot be removed", "container", c.ID, "err", err)
	wait := min(removeAgain<<min(c.retries, 10), removeAgainMax)
	c.retries++
	time.AfterFunc(wait, func() { p.requeue(c) })
}

// requeue puts a container back among those to be removed.
func (p *Pool) requeue(c *container) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, ok := p.all[c]; ok && !p.closed && !slices.Contains(p.removals, c) {
		p.removals = append(p.removals, c)
		p.wakeRun()
	}
}
