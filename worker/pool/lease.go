package pool

import (
	"slices"
	"sync"
	"time"

	"github.com/hearth-faas/hearth/worker/protocol/whisk"
)

// Source says how a container was had.
type Source int

// The sources, from fast to slow.
const (
	SourceWarm      Source = iota // it has the action: send /run
	SourcePrewarmed               // it was started in advance: send /init first
	SourceCold                    // it was started for this: send /init first
)

// String returns the name in lower case.
func (s Source) String() string {
	switch s {
	case SourceWarm:
		return "warm"
	case SourcePrewarmed:
		return "prewarmed"
	case SourceCold:
	}
	return "cold"
}

// Lease is the right to run one activation in a container. It ends with one
// call of Release, Park, Destroy or Fail; later ones do nothing.
type Lease struct {
	ID     string // of the container
	Source Source
	Client *whisk.Client
	Logs   *whisk.Logs

	pool *Pool
	c    *container
	from time.Time
	end  sync.Once
}

func (p *Pool) lease(g grant) *Lease {
	c := g.container
	return &Lease{ID: c.ID, Source: g.source, Client: c.client, Logs: c.logs, pool: p, c: c, from: time.Now()}
}

// Initialised says that /init went well: from now on the container is warm,
// and others may share it if the action allows that.
func (l *Lease) Initialised() {
	l.pool.mu.Lock()
	defer l.pool.mu.Unlock()
	l.c.ready = true
	l.pool.dispatch()
}

// Release gives the container back for the next activation of the action. One
// that has not been initialised is destroyed: what it was sent is unknown.
func (l *Lease) Release() { l.finish(true, nil) }

// Park is Release of a container that was made ready and ran nothing.
func (l *Lease) Park() {
	l.from = time.Time{}
	l.finish(true, nil)
}

// Destroy has the container killed and removed, as soon as no other activation
// uses it. Its memory is free when it is gone.
func (l *Lease) Destroy() { l.finish(false, nil) }

// Fail is Destroy after an /init that fails by the action's own fault. Those
// that wait for a container of the same action get err now, instead of each
// starting one to see the same happen; unless the action works in another.
func (l *Lease) Fail(err error) { l.finish(false, err) }

func (l *Lease) finish(keep bool, peers error) {
	l.end.Do(func() {
		p, c := l.pool, l.c
		p.mu.Lock()
		defer p.mu.Unlock()
		g := p.group(c.key)
		switch {
		case !keep || !c.ready:
			c.doomed = true
		case !l.from.IsZero():
			g.took = average(g.took, time.Since(l.from))
		}
		p.untake(c)
		if peers != nil && !g.warm() {
			p.refuse(c.key, peers)
		}
		p.tidy(c.key)
		p.dispatch()
	})
}

// refuse gives err to all that wait for the key.
func (p *Pool) refuse(key Key, err error) {
	p.waiters = slices.DeleteFunc(p.waiters, func(w *waiter) bool {
		if w.need.Key != key {
			return false
		}
		w.got <- grant{err: err}
		return true
	})
	p.tidy(key)
}
