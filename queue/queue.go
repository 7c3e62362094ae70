// Package queue is the door to asynq: it turns an accepted activation into a
// task that one worker gets, and rings that worker's doorbell so that nobody
// polls. A task carries the activation's Ref and nothing else.
package queue

import (
	"context"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
)

// Client enqueues tasks. It is safe for concurrent use.
type Client struct{ rdb redis.UniversalClient }

// NewClient returns a Client on the connection, which the caller closes.
func NewClient(rdb redis.UniversalClient) *Client { return &Client{rdb: rdb} }

// Handler runs one task. It returns nil when the task is settled, whatever
// became of the action; an error means that the task must be tried again.
type Handler func(ctx context.Context, ref core.Ref) error
