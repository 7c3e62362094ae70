package store

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
)

// luaNow reads Redis' clock. Every time in a record is by this one clock.
const luaNow = `
local t = redis.call("TIME")
local now = t[1] * 1000 + math.floor(t[2] / 1000)
`

// isCluster says whether keys without a common hash tag may not meet in one
// script.
func (db *DB) isCluster() bool {
	_, ok := db.rdb.(*redis.ClusterClient)
	return ok
}

// unavailable makes the failure of a command one of core.KindUnavailable,
// except when the caller gave up.
func unavailable(ctx context.Context, doing string, err error) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	return core.Unavailable(doing, err)
}
