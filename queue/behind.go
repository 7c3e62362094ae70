package queue

import (
	"context"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
)

// maxBehind is how many waiting tasks Behind looks at.
const maxBehind = 10_000

// Behind returns how many tasks wait before the task in its queue; ok is false
// when it does not wait there, or far behind.
func (c *Client) Behind(ctx context.Context, t Task) (n int, ok bool, err error) {
	pipe := c.rdb.Pipeline()
	length := pipe.LLen(ctx, key(t.Queue, "pending"))
	place := pipe.LPos(ctx, key(t.Queue, "pending"), t.id(), redis.LPosArgs{Rank: -1, MaxLen: maxBehind})
	if _, err := pipe.Exec(ctx); err != nil && err != redis.Nil { //nolint:errorlint // go-redis returns it bare
		return 0, false, core.Unavailable("look for task", err)
	}
	if place.Err() != nil { // it is not there
		return 0, false, nil
	}
	return int(length.Val() - 1 - place.Val()), true, nil // taken from the end of the list
}
