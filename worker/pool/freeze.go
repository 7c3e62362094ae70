package pool

import (
	"context"
	"errors"
	"time"
)

var errFreeze = errors.New("container could not be frozen")

// freeze has containers frozen that were not used for the grace: what an
// action left running in its container then costs nothing.
func (p *Pool) freeze(now time.Time) {
	if p.opt.Grace < 0 {
		return
	}
	for c := range p.all {
		if c.ready && c.state == running && c.uses == 0 && now.Sub(c.since) >= p.opt.Grace {
			c.state = pausing
			c.settled = make(chan struct{})
			p.pauses = append(p.pauses, c)
			p.wakeRun()
		}
	}
}

// pause freezes c. A container that cannot be frozen is not to be trusted. It
// may be taken meanwhile; its taker waits on settled and thaws it.
func (p *Pool) pause(ctx context.Context, c *container) {
	err := p.engine.Pause(ctx, c.ID)
	p.mu.Lock()
	defer p.mu.Unlock()
	close(c.settled)
	c.settled = nil
	if err == nil {
		c.state = paused
		return
	}
	p.log.Warn("container cannot be frozen", "container", c.ID, "err", err)
	p.discard(c)
	p.dispatch()
}
