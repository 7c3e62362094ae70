package stream

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store/foreign"
)

const (
	shortest = 500 * time.Millisecond // pause after a failure, doubled with each
	longest  = 30 * time.Second
	block    = 2 * time.Second // longest wait for entries, and so for the end of a consumer
)

// consumer reads one stream in this process.
type consumer struct {
	runner  *Runner
	trigger core.Name
	rules   rules
	log     *slog.Logger

	redis atomic.Pointer[foreign.Redis] // nil while there is no connection
	busy  atomic.Bool                   // events of this process may be under way
}

// run reads until ctx ends. It outlives outages.
func (c *consumer) run(ctx context.Context) {
	var all errgroup.Group
	all.Go(func() error { c.read(ctx); return nil })
	if c.rules.Channel == "" {
		all.Go(func() error { c.land(ctx); return nil })
	}
	_ = all.Wait() // nobody returns an error
}

// read reads, and connects anew after each failure, later each time.
func (c *consumer) read(ctx context.Context) {
	wait := shortest
	down := false
	for ctx.Err() == nil {
		began := time.Now()
		err := c.session(ctx)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > longest {
			wait, down = shortest, false
		}
		if !down {
			c.log.Warn("stream is not read", "err", err)
		}
		down = true
		pause(ctx, wait/2+rand.N(wait/2)) //nolint:gosec // a jitter
		wait = min(2*wait, longest)
	}
}

// session reads over one connection until it fails or ctx ends.
func (c *consumer) session(ctx context.Context) error {
	rdb, err := foreign.Open(c.rules.URL, c.runner.opt.Foreign)
	if err != nil {
		return err
	}
	defer rdb.Close()
	if c.rules.Channel != "" {
		return c.listen(ctx, rdb)
	}
	if err := rdb.Join(ctx, c.rules.Key, c.rules.Group, c.rules.Start); err != nil {
		return err
	}
	c.redis.Store(rdb)
	defer c.redis.Store(nil)
	defer c.leave(ctx, rdb)
	claimed := time.Time{}
	for ctx.Err() == nil {
		if time.Since(claimed) >= c.runner.opt.Idle/2 {
			more, err := c.claim(ctx, rdb)
			if err != nil {
				return err
			}
			if !more {
				claimed = time.Now()
			}
		}
		list, err := c.gather(ctx, rdb)
		if err != nil {
			return err
		}
		if err := c.launch(ctx, rdb, list); err != nil && !errors.Is(err, errStale) {
			return err
		}
	}
	return nil
}

func (c *consumer) from() foreign.Reader {
	return foreign.Reader{Stream: c.rules.Key, Group: c.rules.Group, Consumer: c.runner.opt.Name}
}

// many is how many entries are read at once where batches are smaller.
const many = 100

// claim launches what consumers have left behind, and says whether there may
// be more of it.
func (c *consumer) claim(ctx context.Context, rdb *foreign.Redis) (more bool, err error) {
	list, err := rdb.Claim(ctx, c.from(), max(c.rules.Batch, many), c.runner.opt.Idle)
	if err != nil {
		return false, err
	}
	if err := c.launch(ctx, rdb, list); err != nil && !errors.Is(err, errStale) {
		return false, err
	}
	return len(list) > 0, nil
}

// gather waits for entries, and then for a batch to be full, no longer than
// the window.
func (c *consumer) gather(ctx context.Context, rdb *foreign.Redis) ([]foreign.Entry, error) {
	want := c.rules.Batch
	if c.rules.window == 0 {
		want = max(want, many)
	}
	list, err := rdb.Read(ctx, c.from(), want, min(block, c.runner.opt.Idle/2))
	if err != nil || len(list) == 0 || c.rules.window == 0 {
		return list, err
	}
	for end := time.Now().Add(c.rules.window); len(list) < want; {
		left := time.Until(end)
		if left <= 0 || ctx.Err() != nil {
			break
		}
		more, err := rdb.Read(ctx, c.from(), want-len(list), min(left, block))
		if err != nil {
			return nil, err // what it has got is claimed later
		}
		list = append(list, more...)
	}
	return list, nil
}

// leave takes the consumer out of the group, where it holds nothing.
func (c *consumer) leave(ctx context.Context, rdb *foreign.Redis) {
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if err := rdb.Leave(late, c.from()); err != nil {
		c.log.Debug("consumer stays in its group", "err", err)
	}
}

func (c *consumer) lag(ctx context.Context) (int64, bool) {
	rdb := c.redis.Load()
	if rdb == nil || c.rules.Channel != "" {
		return 0, false
	}
	n, err := rdb.Lag(ctx, c.from())
	return n, err == nil && n >= 0
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
