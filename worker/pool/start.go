package pool

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/hearth-faas/hearth/worker/engine"
	"github.com/hearth-faas/hearth/worker/protocol/whisk"
)

// attempts is how many starts may fail for one activation before it is told,
// where the failure does not say that the next will be the same.
const attempts = 2

// start decides that a container for the need will be started.
func (p *Pool) start(need Need) {
	c := &container{image: need.Image, since: time.Now()}
	p.join(c, need.Key, need.Concurrency)
	p.enter(c)
	p.demand(need.Image, c.since)
}

// enter charges the memory of a container to be started.
func (p *Pool) enter(c *container) {
	c.state = starting
	c.logs = whisk.NewLogs()
	p.all[c] = struct{}{}
	p.used += c.image.Memory
	p.starts = append(p.starts, c)
	p.wakeRun()
}

// create has the engine start c.
func (p *Pool) create(ctx context.Context, c *container) {
	began := time.Now()
	spec := p.spec(c)
	spec.Pulling = func(waits bool) {
		p.pulling(waits)
		began = time.Now()
	}
	made, err := p.engine.Create(ctx, spec)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.starting--
	if err != nil {
		p.failed(c, err)
		p.dispatch()
		return
	}
	p.started = average(p.started, time.Since(began))
	c.Container = made
	c.client = whisk.NewClient(made.Network, made.Address, c.logs.Ended())
	c.state, c.since = running, time.Now()
	p.dispatch()
}

// pulling frees the place of a start among those that go on at once for as
// long as it waits for a registry: two slow ones would stop all others.
// Afterwards it goes on at once, so that there may be more for a moment.
func (p *Pool) pulling(waits bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !waits {
		p.starting++
		return
	}
	p.starting--
	p.dispatch()
}

func (p *Pool) spec(c *container) engine.Spec {
	env := maps.Clone(p.opt.Env)
	if env == nil {
		env = map[string]string{}
	}
	env["__OW_ALLOW_CONCURRENT"] = strconv.FormatBool(c.image.Concurrent)
	s := engine.Spec{
		Name: "prewarm-" + c.image.Kind, Image: c.image.Ref, Foreign: c.image.Foreign, Refresh: c.image.Refresh,
		Runtime: c.image.Runtime, Memory: c.image.Memory,
		Env: env, ReadyTimeout: p.opt.ReadyTimeout,
		Output: engine.Output{Stdout: c.logs.Stdout(), Stderr: c.logs.Stderr(), Close: c.logs.Close},
	}
	if c.key != (Key{}) {
		s.Name = c.key.Namespace + "-" + c.key.Action.Name
		s.Labels = map[string]string{
			engine.LabelNamespace: c.key.Namespace,
			engine.LabelAction:    c.key.Action.String(),
			engine.LabelRevision:  c.key.Revision,
		}
	}
	return s
}

// failed tells those who wait for c that it did not start: all of them when
// the next start would end alike, the first after some attempts otherwise.
func (p *Pool) failed(c *container, err error) {
	p.counts.FailedStarts++
	key := c.key
	p.forget(c)
	p.log.Warn("container cannot be started", "image", c.image.Ref, "namespace", key.Namespace, "action", key.Action.String(), "err", err)
	if key == (Key{}) {
		p.backOff(c.image)
		return
	}
	if errors.Is(err, engine.ErrImage) || errors.Is(err, engine.ErrCommand) || errors.Is(err, engine.ErrUnavailable) {
		if g := p.groups[key]; g == nil || !g.warm() {
			p.refuse(key, err)
		}
		return
	}
	i := slices.IndexFunc(p.waiters, func(w *waiter) bool { return w.need.Key == key })
	if i < 0 {
		return
	}
	w := p.waiters[i]
	if w.failures++; w.failures < attempts {
		return
	}
	w.got <- grant{err: err}
	p.waiters = slices.Delete(p.waiters, i, i+1)
	p.tidy(key)
}
