package queue

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
)

// key is a key of asynq's (v0.26, internal/base). Only this file and Waiting
// look under its cover: asynq has no call that removes a queue whose server
// died with tasks in hand.
func key(queue, name string) string { return "asynq:{" + queue + "}:" + name }

// Retire removes the queue of a worker that is gone for good, with all its
// tasks; their activations must have been enqueued elsewhere before. It may
// be repeated.
func (c *Client) Retire(ctx context.Context, queue string) error {
	for _, list := range []string{"pending", "active"} {
		if err := c.empty(ctx, queue, list); err != nil {
			return core.Unavailable("retire queue", err)
		}
	}
	_, err := c.rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for _, name := range []string{"lease", "scheduled", "retry", "archived", "completed", "paused", "processed", "failed"} {
			pipe.Del(ctx, key(queue, name))
		}
		pipe.Del(ctx, bellKey(queue))
		pipe.SRem(ctx, "asynq:queues", queue)
		return nil
	})
	if err != nil {
		return core.Unavailable("retire queue", err)
	}
	return nil
}

// empty pops the ids off a list of tasks and deletes the tasks.
func (c *Client) empty(ctx context.Context, queue, list string) error {
	for {
		ids, err := c.rdb.LPopCount(ctx, key(queue, list), 500).Result()
		if err == redis.Nil || err == nil && len(ids) == 0 { //nolint:errorlint // go-redis returns it bare
			return nil
		}
		if err != nil {
			return fmt.Errorf("empty list of tasks: %w", err)
		}
		keys := make([]string, len(ids))
		for i, id := range ids {
			keys[i] = key(queue, "t:"+id)
		}
		if err := c.rdb.Del(ctx, keys...).Err(); err != nil {
			return fmt.Errorf("delete tasks: %w", err)
		}
	}
}

// Queues returns the names of all queues that ever had a task and were not
// retired.
func (c *Client) Queues(ctx context.Context) ([]string, error) {
	names, err := c.rdb.SMembers(ctx, "asynq:queues").Result()
	if err != nil {
		return nil, core.Unavailable("list queues", err)
	}
	return names, nil
}
