package direct

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
)

// countEvery is how often the numbers of invocations are written.
const countEvery = time.Second

// counter counts invocations and writes their numbers behind the calls. A
// process that dies takes those of a second along.
type counter struct {
	plane *control.Plane
	log   *slog.Logger

	mu   sync.Mutex
	more map[string]map[string]int // by namespace and name
}

func newCounter(plane *control.Plane, log *slog.Logger) *counter {
	return &counter{plane: plane, log: log, more: map[string]map[string]int{}}
}

func (c *counter) add(name core.Name) {
	c.mu.Lock()
	defer c.mu.Unlock()
	counts := c.more[name.Namespace]
	if counts == nil {
		counts = map[string]int{}
		c.more[name.Namespace] = counts
	}
	counts[name.Name]++
}

// run writes every second what there is to write, and once more at the end.
func (c *counter) run(ctx context.Context) error {
	tick := time.NewTicker(countEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), countEvery)
			defer cancel()
			c.write(last)
			return nil
		case <-tick.C:
			c.write(ctx)
		}
	}
}

func (c *counter) write(ctx context.Context) {
	c.mu.Lock()
	more := c.more
	c.more = map[string]map[string]int{}
	c.mu.Unlock()
	for namespace, counts := range more {
		err := c.plane.CountInvocations(ctx, namespace, counts)
		if err == nil {
			continue
		}
		c.log.Warn("invocations were not counted", "namespace", namespace, "err", err)
		c.mu.Lock()
		into := c.more[namespace]
		if into == nil {
			into = map[string]int{}
			c.more[namespace] = into
		}
		for name, n := range counts {
			into[name] += n
		}
		c.mu.Unlock()
	}
}
