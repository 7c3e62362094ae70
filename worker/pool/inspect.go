package pool

import (
	"context"
	"errors"
	"time"

	"github.com/hearth-faas/hearth/worker/engine"
)

// inspectAgain is after how long the engine is asked again about a container
// whose output has ended and which ran on all the same, or of which the engine
// could say nothing.
const inspectAgain = 5 * time.Second

// inspect asks the engine about idle containers whose output has ended: most
// have ended with it, because the daemon was restarted, or because memory ran
// out behind an answer. They are given up before somebody is handed one.
func (p *Pool) inspect(now time.Time) {
	for c := range p.all {
		if c.idle() && c.over() && now.Sub(c.inspected) >= inspectAgain {
			c.inspected = now
			p.inspections = append(p.inspections, c)
			p.wakeRun()
		}
	}
}

// look asks the engine about one container. One that is not known to have
// ended is kept: it may serve, even while the daemon is away.
func (p *Pool) look(ctx context.Context, c *container) {
	status, err := p.engine.Inspect(ctx, c.ID)
	ended := errors.Is(err, engine.ErrGone) || err == nil && !status.Running
	p.mu.Lock()
	defer p.mu.Unlock()
	if !ended || !c.idle() {
		return
	}
	p.log.Info("container has ended by itself", "container", c.ID, "exit_code", status.ExitCode, "out_of_memory", status.OOMKilled)
	p.discard(c)
	p.dispatch()
}
