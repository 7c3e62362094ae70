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

// pipelined sends what fill adds in one round trip. Where Redis has forgotten
// a script, it loads all and sends everything again: fill may run twice, so
// its commands must bear repetition.
func (db *DB) pipelined(ctx context.Context, fill func(redis.Pipeliner) error) error {
	send := func() error {
		pipe := db.rdb.Pipeline()
		if err := fill(pipe); err != nil {
			return err
		}
		cmds, err := pipe.Exec(ctx)
		for _, cmd := range cmds {
			if redis.HasErrorPrefix(cmd.Err(), "NOSCRIPT") {
				return cmd.Err()
			}
		}
		if errors.Is(err, redis.Nil) {
			return nil
		}
		return err
	}
	err := send()
	if !redis.HasErrorPrefix(err, "NOSCRIPT") {
		return err
	}
	for _, s := range []*redis.Script{createScript, recordScript, stepScript} {
		if err := s.Load(ctx, db.rdb).Err(); err != nil {
			return err
		}
	}
	return send()
}

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
