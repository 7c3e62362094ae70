package queue

import (
	"context"
	"crypto/rand"
	"errors"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
)

// Restore puts a task for a queued activation into its queue unless one waits
// there already. A task that asynq counts as taken is none: where Redis goes
// away between a worker's asking and the answer, nobody has it, and asynq
// itself finds that out only after minutes. It gets a successor under another
// id; should the first be handled after all, one of them finds the activation
// claimed.
func (c *Client) Restore(ctx context.Context, t Task) error {
	state, err := c.rdb.HGet(ctx, key(t.Queue, "t:"+t.id()), "state").Result()
	switch {
	case errors.Is(err, redis.Nil):
		return c.Enqueue(ctx, t)
	case err != nil:
		return core.Unavailable("look for task", err)
	case state != "active":
		return nil
	}
	_, err = c.rdb.Pipelined(ctx, c.adding(ctx, "+"+rand.Text(), t))
	if err != nil {
		return core.Unavailable("enqueue activation", err)
	}
	return nil
}
