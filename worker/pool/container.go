package pool

import (
	"slices"
	"time"

	"github.com/hearth-faas/hearth/worker/engine"
	"github.com/hearth-faas/hearth/worker/protocol/whisk"
)

type state int

const (
	starting state = iota // asked of the engine, or about to be
	running               // in use or idle, see uses
	pausing
	paused
	resuming
	removing // killed and not gone yet
)

// container is one container of the pool. Fields are guarded by Pool.mu,
// except that client and logs are set before anybody else sees them.
type container struct {
	engine.Container
	client *whisk.Client
	logs   *whisk.Logs

	key   Key // zero: holds no action and may serve any
	image Image
	slots int // activations that may share it

	state     state
	ready     bool // it has its action
	doomed    bool // to be removed as soon as nobody uses it
	uses      int
	since     time.Time     // of the last hand-out or return
	settled   chan struct{} // while pausing: closed when that is over
	retries   int           // of its removal
	inspected time.Time     // see Pool.inspect
}

// idle says whether nobody uses it and nothing is being done to it.
func (c *container) idle() bool {
	return c.uses == 0 && (c.state == running || c.state == paused)
}

// over says whether it has ended its output.
func (c *container) over() bool {
	select {
	case <-c.logs.Ended():
		return true
	default:
		return false
	}
}

// spare says whether it works for its action and can take one more.
func (c *container) spare() bool {
	return c.state == running && c.ready && !c.doomed && c.uses > 0 && c.uses < c.slots
}

// group is the containers of one key and what is known of its runs.
type group struct {
	containers []*container
	took       time.Duration // how long a use lasts, a moving average; 0: unknown
	waiting    int           // scratch of dispatch: waiters seen that got nothing
}

// slots returns how many activations the group's containers serve at once,
// those that run and those that are starting.
func (g *group) slots() (live, coming int) {
	for _, c := range g.containers {
		switch c.state {
		case starting:
			coming += c.slots
		case running, pausing, paused, resuming:
			if !c.doomed {
				live += c.slots
			}
		case removing:
		}
	}
	return live, coming
}

// instances counts the containers that are there or will be.
func (g *group) instances() int {
	n := 0
	for _, c := range g.containers {
		if c.state != removing {
			n++
		}
	}
	return n
}

// warm says whether a container of the group has its action.
func (g *group) warm() bool {
	return slices.ContainsFunc(g.containers, func(c *container) bool { return c.ready && !c.doomed && c.state != removing })
}

// youngest returns how long ago a container of the group was last handed out:
// for at least that long nothing has become free.
func (g *group) youngest(now time.Time) time.Duration {
	age, found := time.Duration(0), false
	for _, c := range g.containers {
		if c.uses == 0 {
			continue
		}
		if a := now.Sub(c.since); !found || a < age {
			age, found = a, true
		}
	}
	return age
}

// average moves avg an eighth of the way to x; the first x counts in full.
func average(avg, x time.Duration) time.Duration {
	if avg == 0 {
		return x
	}
	return avg + (x-avg)/8
}

// join makes c a container of the key.
func (p *Pool) join(c *container, key Key, slots int) {
	c.key, c.slots = key, max(1, slots)
	p.group(key).containers = append(p.group(key).containers, c)
}

func (p *Pool) group(key Key) *group {
	g := p.groups[key]
	if g == nil {
		g = &group{}
		p.groups[key] = g
	}
	return g
}

// forget drops a container that the engine has no more, and gives back its
// memory.
func (p *Pool) forget(c *container) {
	delete(p.all, c)
	p.used -= c.image.Memory
	if g := p.groups[c.key]; g != nil {
		g.containers = slices.DeleteFunc(g.containers, func(o *container) bool { return o == c })
		p.tidy(c.key)
	}
}

// tidy drops the group of the key when nothing is left to remember it for.
func (p *Pool) tidy(key Key) {
	g := p.groups[key]
	if g == nil || len(g.containers) > 0 {
		return
	}
	if !slices.ContainsFunc(p.waiters, func(w *waiter) bool { return w.group == g }) {
		delete(p.groups, key)
	}
}
