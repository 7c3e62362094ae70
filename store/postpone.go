package store

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
)

// postponeScript moves an activation from running back to queued, to be queued
// again later, as a delayed one.
//
// KEYS[1] -> hearth:{ns}:act:<id>
// KEYS[2] -> hearth:{ns}:queued
// KEYS[3] -> hearth:{ns}:running
// KEYS[4] -> hearth:{ns}:delayed
// ARGV[1] -> id, ARGV[2] -> attempt, ARGV[3] -> delay in ms
// Returns 1, 2 when it was to be cancelled, or 0 when the attempt does not run.
var postponeScript = redis.NewScript(`
local s = redis.call("HMGET", KEYS[1], "st", "at", "can")
if s[1] ~= "running" or s[2] ~= ARGV[2] then return 0 end` + luaNow + `
local due = now + ARGV[3]
redis.call("HSET", KEYS[1], "st", "queued", "due", due, "snt", 0)
redis.call("HINCRBY", KEYS[1], "try", 1)
redis.call("HDEL", KEYS[1], "w", "dl", "sta", "q")
redis.call("ZREM", KEYS[3], ARGV[1])
redis.call("ZADD", KEYS[2], due, ARGV[1])
redis.call("ZADD", KEYS[4], due, ARGV[1])
return s[3] and 2 or 1`)

// Postpone ends the running attempt of a, which is queued for another after
// the delay: it is a delayed activation until then, with one retry more. The
// caller ends it when cancelled says that its worker was asked to.
// KindConflict: the attempt has been taken away.
func (db *DB) Postpone(ctx context.Context, a *core.Activation, delay time.Duration) (cancelled bool, err error) {
	ns := a.Namespace
	keys := []string{activationKey(ns, a.ID), queuedKey(ns), runningKey(ns), delayedKey(ns)}
	n, err := postponeScript.Run(ctx, db.rdb, keys, string(a.ID), a.Attempt, max(delay.Milliseconds(), 1)).Int()
	if err == nil && n == 1 {
		err = db.pipelined(ctx, []Addition{func(pipe redis.Pipeliner) error { touch(ctx, pipe, ns); return nil }})
	}
	if err != nil {
		return false, unavailable(ctx, "postpone activation", err)
	}
	if n == 0 {
		return false, conflict()
	}
	return n == 2, nil
}
