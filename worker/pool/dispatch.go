package pool

import (
	"slices"
	"time"
)

// startGuess is how long a start takes, before there is experience.
const startGuess = 500 * time.Millisecond

// dispatch serves those who wait, first come first served, and decides what
// to start and what to evict for them. It is called under the lock after
// every change that might help somebody.
//
// One that needs memory which is not there holds back all behind it, however
// little they need, from memory and from idle containers; it does not hold
// back those that join a container in use.
func (p *Pool) dispatch() {
	p.deferred = false
	if len(p.waiters) == 0 {
		return
	}
	now := time.Now()
	for _, w := range p.waiters {
		w.group.waiting = 0
	}
	full, noStart := false, p.starting+len(p.starts) >= p.opt.Starts
	p.waiters = slices.DeleteFunc(p.waiters, func(w *waiter) bool {
		if w.need.reserve {
			if full || !p.reserved(w) {
				full = true
				return false
			}
			return true
		}
		if g := p.pick(w.need, w.group, !full); g.container != nil {
			w.got <- g
			return true
		}
		g := w.group
		place := g.waiting
		g.waiting++
		switch {
		case w.need.Fresh && p.used+w.need.Memory > p.opt.Memory:
			w.got <- grant{err: ErrNoRoom}
			return true
		case full || p.served(g, w.need, place, now):
		case noStart: // the end of a start brings us back here
		case p.used+w.need.Memory <= p.opt.Memory:
			p.start(w.need)
			noStart = p.starting+len(p.starts) >= p.opt.Starts
		default:
			full = true
			p.makeRoom(w.need.Memory)
		}
		return false
	})
	if p.deferred {
		p.wakeRun()
	}
}

// pick takes a container that can have the activation now. Without idle, only
// those count that are in use and have room.
func (p *Pool) pick(need Need, g *group, idle bool) grant {
	c, source := p.find(need, g, idle)
	if c == nil {
		return grant{}
	}
	p.counts.add(source)
	return grant{container: c, source: source, frozen: p.take(c)}
}

func (p *Pool) find(need Need, g *group, idle bool) (*container, Source) {
	var others []*container
	if g != nil {
		others = g.containers
	}
	if c := warmest(others, idle); c != nil && !need.Fresh {
		return c, SourceWarm
	}
	if !idle {
		return nil, 0
	}
	for _, c := range others {
		if !c.ready && c.idle() {
			return c, SourceCold
		}
	}
	for c := range p.all {
		if c.key == (Key{}) && c.image == need.Image && c.idle() {
			p.join(c, need.Key, need.Concurrency)
			return c, SourcePrewarmed
		}
	}
	return nil, 0
}

// warmest returns the container that has its action and is the best to take:
// one in use with room, then the one used last, the least likely to be frozen.
func warmest(containers []*container, idle bool) *container {
	var best *container
	for _, c := range containers {
		if c.spare() {
			return c
		}
		if idle && c.ready && c.uses == 0 && c.state != removing && (best == nil || c.since.After(best.since)) {
			best = c
		}
	}
	return best
}

// served says whether the waiter, with so many of its group before it, is
// better off without a start of its own: a container is on its way for it, or
// one in use will be free sooner than a new one could be ready.
func (p *Pool) served(g *group, need Need, place int, now time.Time) bool {
	live, coming := g.slots()
	if place < coming {
		return true
	}
	if need.Fresh {
		return false
	}
	if need.Instances > 0 && g.instances() >= need.Instances {
		return true
	}
	if live == 0 {
		return false
	}
	run := max(g.took, g.youngest(now))
	rounds := time.Duration((place-coming)/live + 1)
	if run*rounds >= or(p.started, startGuess) {
		return false
	}
	p.deferred = true // look again soon: runs can be longer than they were
	return true
}

// makeRoom evicts idle containers, least recently used first and those in
// stock or kept last, until so much memory is free or on its way to be. It evicts
// none when all would not be enough.
func (p *Pool) makeRoom(memory int) {
	lacking := p.used + memory - p.opt.Memory
	var idle []*container
	for c := range p.all {
		switch {
		case c.state == removing:
			lacking -= c.image.Memory
		case c.idle():
			idle = append(idle, c)
		}
	}
	if lacking <= 0 {
		return
	}
	slices.SortFunc(idle, func(a, b *container) int {
		last := func(c *container) bool { return c.key == (Key{}) || p.keeps(c) }
		if is := last(a); is != last(b) {
			if is {
				return 1
			}
			return -1
		}
		return a.since.Compare(b.since)
	})
	for i, c := range idle {
		if lacking -= c.image.Memory; lacking <= 0 {
			for _, victim := range idle[:i+1] {
				p.counts.Evictions++
				p.discard(victim)
			}
			return
		}
	}
}

// discard gives a container up. It is removed ahead of those whose time has
// merely come, see expire.
func (p *Pool) discard(c *container) {
	if c.state == removing {
		return
	}
	c.state = removing
	p.removals = append(p.removals, c)
	p.wakeRun()
}

// wakeRun has Run look for work.
func (p *Pool) wakeRun() {
	select {
	case p.nudge <- struct{}{}:
	default:
	}
}
