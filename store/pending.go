package store

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
)

// leaseScript takes or renews a lease.
//
// KEYS[1] -> hearth:lease:<duty>
// ARGV[1] -> holder, ARGV[2] -> ms
// Returns 1 when the holder has it, else 0.
var leaseScript = redis.NewScript(`
local h = redis.call("GET", KEYS[1])
if h and h ~= ARGV[1] then return 0 end
redis.call("SET", KEYS[1], ARGV[1], "PX", ARGV[2])
return 1`)

// Lease takes or renews the lease on a duty, and says whether holder has it.
// It saves work, and protects nothing: two that believe to hold it must do no
// harm.
func (db *DB) Lease(ctx context.Context, duty, holder string, life time.Duration) (bool, error) {
	n, err := leaseScript.Run(ctx, db.rdb, []string{leasePrefix + duty}, holder, life.Milliseconds()).Int()
	if err != nil {
		return false, unavailable(ctx, "take lease", err)
	}
	return n == 1, nil
}

// Mark is a member of one of a namespace's sets, with its score: what tells
// two attempts of one activation apart.
type Mark struct {
	ID    core.ActivationID
	Score int64
}

// Pending is what may need attention in a namespace: the first of each set,
// at most as many as were asked for.
type Pending struct {
	Running []Mark // by deadline
	Queued  []Mark // by accept
	Logging []Mark // by end
	Resume  []Mark // by when the move fell due
	Delayed []Mark // by when they are due; they are among Queued
	Now     int64  // ms by the clock of Redis, as the scores
}

// Pending reads what may need attention, in one round trip.
func (db *DB) Pending(ctx context.Context, namespace string, most int) (Pending, error) {
	keys := []string{
		runningKey(namespace), queuedKey(namespace), loggingKey(namespace), resumeKey(namespace), delayedKey(namespace),
	}
	cmds := make([]*redis.ZSliceCmd, len(keys))
	pipe := db.rdb.Pipeline()
	for i, key := range keys {
		cmds[i] = pipe.ZRangeWithScores(ctx, key, 0, int64(most)-1)
	}
	clock := pipe.Time(ctx)
	if _, err := pipe.Exec(ctx); err != nil {
		return Pending{}, unavailable(ctx, "scan namespace", err)
	}
	sets := make([][]Mark, len(keys))
	for i, cmd := range cmds {
		for _, z := range cmd.Val() {
			id, _ := z.Member.(string)
			sets[i] = append(sets[i], Mark{core.ActivationID(id), int64(z.Score)})
		}
	}
	return Pending{Running: sets[0], Queued: sets[1], Logging: sets[2], Resume: sets[3], Delayed: sets[4], Now: clock.Val().UnixMilli()}, nil
}

// Records reads the records of the ids without input, result and logs, in one
// round trip. What is gone is left out; bad counts the unreadable.
func (db *DB) Records(ctx context.Context, namespace string, ids []core.ActivationID) (list []*Record, bad int, err error) {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = string(id)
	}
	return db.many(ctx, namespace, names, false)
}

// idleScript takes a namespace off the busy ones.
//
// KEYS[1] -> hearth:busy
// ARGV[1] -> namespace, ARGV[2] -> number that it must still have
// Returns the number removed.
var idleScript = redis.NewScript(`
local n = redis.call("ZSCORE", KEYS[1], ARGV[1])
if not n or tonumber(n) ~= tonumber(ARGV[2]) then return 0 end
return redis.call("ZREM", KEYS[1], ARGV[1])`)

// Idle takes the namespace off the busy ones if it has accepted nothing since
// Busy gave that number.
func (db *DB) Idle(ctx context.Context, namespace string, number float64) error {
	if err := idleScript.Run(ctx, db.rdb, []string{busyKey}, namespace, number).Err(); err != nil {
		return unavailable(ctx, "drop idle namespace", err)
	}
	return nil
}

// Forget drops an id whose record is gone or unreadable from the sets of what
// is not done, and counts it as done, so that it is reported once and not
// met again.
func (db *DB) Forget(ctx context.Context, ref core.Ref) error {
	ns := ref.Namespace
	keys := []string{activationKey(ns, ref.ID), queuedKey(ns), runningKey(ns), countsKey(ns), loggingKey(ns), resumeKey(ns)}
	if err := forgetScript.Run(ctx, db.rdb, keys, string(ref.ID)).Err(); err != nil {
		return unavailable(ctx, "forget activation", err)
	}
	return nil
}

// forgetScript takes an id off all sets of what is not done.
//
// KEYS[1] -> hearth:{ns}:act:<id>
// KEYS[2] -> hearth:{ns}:queued
// KEYS[3] -> hearth:{ns}:running
// KEYS[4] -> hearth:{ns}:counts
// KEYS[5] -> hearth:{ns}:logging
// KEYS[6] -> hearth:{ns}:resume
// ARGV[1] -> id
// Returns how many sets it was in of queued and running.
var forgetScript = redis.NewScript(`
local n = redis.call("ZREM", KEYS[2], ARGV[1]) + redis.call("ZREM", KEYS[3], ARGV[1])
redis.call("ZREM", KEYS[5], ARGV[1])
redis.call("ZREM", KEYS[6], ARGV[1])
if n > 0 then
	redis.call("HINCRBY", KEYS[4], "done", 1)
	redis.call("EXPIRE", KEYS[1], 604800)
end
return n`)
