package store

import (
	"context"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
)

// delayScript makes the record of an activation that is to be queued later,
// once. It is queued from the start, with the time when it is due in the place
// of that of its accept, and nobody has a task for it.
//
// KEYS[1] -> hearth:{ns}:act:<id>
// KEYS[2] -> hearth:{ns}:queued
// KEYS[3] -> hearth:{ns}:delayed
// KEYS[4] -> hearth:{ns}:counts
// ARGV[1] -> id
// ARGV[2] -> delay in ms
// ARGV[3] -> budget of an attempt in ms
// ARGV[4...] -> fields and values
// Returns 1, or 0 when there is one of that id already.
var delayScript = redis.NewScript(`
if redis.call("EXISTS", KEYS[1]) == 1 then return 0 end` + luaNow + `
local due = now + ARGV[2]
redis.call("HSET", KEYS[1], "st", "queued", "acc", now, "due", due, "bud", ARGV[3], "at", 0, unpack(ARGV, 4))
redis.call("HINCRBY", KEYS[4], "accepted", 1)
redis.call("ZADD", KEYS[2], due, ARGV[1])
redis.call("ZADD", KEYS[3], due, ARGV[1])
return 1`)

// delay adds to the pipeline what makes c, which has a delay.
func (db *DB) delay(ctx context.Context, pipe redis.Pipeliner, c Creation) error {
	a := c.Activation
	fields, err := db.fields(a, c.Progress)
	if err != nil {
		return err
	}
	ns, budget := a.Namespace, budget(a)
	if c.Progress != nil {
		budget = parentBudget.Milliseconds()
	}
	keys := []string{activationKey(ns, a.ID), queuedKey(ns), delayedKey(ns), countsKey(ns)}
	delayScript.Eval(ctx, pipe, keys, append([]any{string(a.ID), max(c.Delay.Milliseconds(), 1), budget}, fields...)...)
	touch(ctx, pipe, ns)
	owe(ctx, pipe, a)
	return nil
}

// releaseScript queues a delayed activation, as one that is accepted now.
//
// KEYS[1] -> hearth:{ns}:act:<id>
// KEYS[2] -> hearth:{ns}:queued
// KEYS[3] -> hearth:{ns}:delayed
// KEYS[4] -> hearth:{ns}:running
// KEYS[5] -> hearth:{ns}:resume
// ARGV[1] -> id
// ARGV[2] -> its queue; of a sequence or composition, which runs from now on, ""
// Returns 1, or 0 when it is not delayed any more.
var releaseScript = redis.NewScript(`
redis.call("ZREM", KEYS[3], ARGV[1])
local s = redis.call("HMGET", KEYS[1], "st", "due", "bud")
if s[1] ~= "queued" or not s[2] then return 0 end` + luaNow + `
redis.call("HDEL", KEYS[1], "due")
if ARGV[2] ~= "" then
	redis.call("HSET", KEYS[1], "acc", now, "q", ARGV[2])
	redis.call("ZADD", KEYS[2], now, ARGV[1])
	return 1
end
local deadline = now + s[3]
redis.call("HSET", KEYS[1], "acc", now, "st", "running", "at", 1, "pv", 0, "sta", now, "dl", deadline)
redis.call("ZREM", KEYS[2], ARGV[1])
redis.call("ZADD", KEYS[4], deadline, ARGV[1])
redis.call("ZADD", KEYS[5], now, ARGV[1])
return 1`)

// Release queues the delayed activations in the queues that they name, or, of
// those that name none, has them run as sequences do, in one round trip. Those
// that are not delayed any more it leaves alone. The time of their accept is
// from now on that of their release: their age in a queue begins.
func (db *DB) Release(ctx context.Context, list []*core.Activation, also ...Addition) error {
	return db.accept(ctx, func(pipe redis.Pipeliner) error {
		for _, a := range list {
			ns := a.Namespace
			keys := []string{activationKey(ns, a.ID), queuedKey(ns), delayedKey(ns), runningKey(ns), resumeKey(ns)}
			releaseScript.Eval(ctx, pipe, keys, string(a.ID), a.Queue)
		}
		return nil
	}, also)
}

// Undelay forgets that ids without a record were delayed.
func (db *DB) Undelay(ctx context.Context, namespace string, ids ...core.ActivationID) error {
	if len(ids) == 0 {
		return nil
	}
	members := make([]any, len(ids))
	for i, id := range ids {
		members[i] = string(id)
	}
	if err := db.rdb.ZRem(ctx, delayedKey(namespace), members...).Err(); err != nil {
		return unavailable(ctx, "forget delayed activations", err)
	}
	return nil
}
