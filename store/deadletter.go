package store

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
)

// buryScript puts an activation that is about to end on the list of dead
// letters, and keeps its input beyond its end.
//
// KEYS[1] -> hearth:{ns}:act:<id>
// KEYS[2] -> hearth:{ns}:deadletters
// ARGV[1] -> id, ARGV[2] -> life in s
// Returns 1, or 0 when it has ended.
var buryScript = redis.NewScript(`
local s = redis.call("HMGET", KEYS[1], "st", "in", "env")
if not s[1] or s[1] == "done" then return 0 end` + luaNow + `
if s[2] then redis.call("HSET", KEYS[1], "din", s[2]) end
if s[3] then redis.call("HSET", KEYS[1], "denv", s[3]) end
redis.call("ZADD", KEYS[2], now, ARGV[1])
redis.call("ZREMRANGEBYSCORE", KEYS[2], "-inf", "(" .. (now - ARGV[2] * 1000))
redis.call("EXPIRE", KEYS[2], ARGV[2])
return 1`)

// bury makes a dead letter of an activation that is about to end so. If it
// then ends otherwise, or not, the list has one that is none: who reads it
// looks at the record. The other order would lose the input.
func (db *DB) bury(ctx context.Context, a *core.Activation, o core.Outcome, keep Retention) error {
	if !o.Dead() || a.Unstored || a.Cause.Parent != "" {
		return nil
	}
	ns, life := a.Namespace, max(int64(keep.orDefault().Age/time.Second), 1)
	if err := buryScript.Run(ctx, db.rdb, []string{activationKey(ns, a.ID), deadLettersKey(ns)}, string(a.ID), life).Err(); err != nil {
		return unavailable(ctx, "keep dead letter", err)
	}
	return nil
}

// DeadLetters returns ids on the list of dead letters, latest first: those
// that ended within the bounds, which are inclusive, and zero for none.
func (db *DB) DeadLetters(ctx context.Context, namespace string, since, upto time.Time, skip, limit int) ([]core.ActivationID, error) {
	low, high := Selection{Since: since, Upto: upto}.bounds()
	list, err := db.rdb.ZRevRangeByScore(ctx, deadLettersKey(namespace), &redis.ZRangeBy{
		Min: low, Max: high, Offset: int64(skip), Count: int64(limit),
	}).Result()
	if err != nil {
		return nil, unavailable(ctx, "list dead letters", err)
	}
	ids := make([]core.ActivationID, len(list))
	for i, id := range list {
		ids[i] = core.ActivationID(id)
	}
	return ids, nil
}

// DeadLetter reads a dead letter, with the input and environment that it had.
// KindNotFound when the record is gone, or is that of none.
func (db *DB) DeadLetter(ctx context.Context, ref core.Ref) (*Record, error) {
	none := core.Errorf(core.KindNotFound, "The requested resource does not exist.")
	pipe := db.rdb.Pipeline()
	listed := pipe.ZScore(ctx, deadLettersKey(ref.Namespace), string(ref.ID))
	fields := pipe.HGetAll(ctx, activationKey(ref.Namespace, ref.ID))
	if _, err := pipe.Exec(ctx); err != nil && err != redis.Nil { //nolint:errorlint // go-redis returns it bare
		return nil, unavailable(ctx, "read dead letter", err)
	}
	h := fields.Val()
	if len(h) == 0 || listed.Err() != nil && h[fieldRedriven] == "" {
		return nil, none
	}
	if h[fieldState] == string(core.StateDone) {
		h[fieldInput], h[fieldEnv] = h[fieldDeadInput], h[fieldDeadEnv]
	}
	r, err := db.decodeRecord(ref, h)
	if err != nil {
		return nil, err
	}
	if r.State != core.StateDone || !r.Outcome.Dead() {
		return nil, none
	}
	if len(r.Input) == 0 {
		r.Input = nil
	}
	r.Redriven = core.ActivationID(h[fieldRedriven])
	return r, nil
}

// unburyScript takes dead letters off the list, and drops their input.
//
// KEYS[1] -> hearth:{ns}:deadletters
// KEYS[2...] -> hearth:{ns}:act:<id>
// ARGV[1] -> id of what a letter was redriven as, or ""
// ARGV[2...] -> ids
// Returns how many were on the list.
var unburyScript = redis.NewScript(`
local n = 0
for i = 2, #KEYS do
	n = n + redis.call("ZREM", KEYS[1], ARGV[i])
	if redis.call("EXISTS", KEYS[i]) == 1 then
		redis.call("HDEL", KEYS[i], "din", "denv")
		if ARGV[1] ~= "" then redis.call("HSET", KEYS[i], "rdv", ARGV[1]) end
	end
end
return n`)

func unbury(ns string, as core.ActivationID, ids []core.ActivationID) (keys []string, args []any) {
	keys, args = []string{deadLettersKey(ns)}, []any{string(as)}
	for _, id := range ids {
		keys, args = append(keys, activationKey(ns, id)), append(args, string(id))
	}
	return keys, args
}

// Redriving adds to the pipeline of an accept that the dead letter was
// redriven as another activation. It comes after what makes that one.
func (db *DB) Redriving(ctx context.Context, letter core.Ref, as core.ActivationID) Addition {
	return func(pipe redis.Pipeliner) error {
		keys, args := unbury(letter.Namespace, as, []core.ActivationID{letter.ID})
		unburyScript.Eval(ctx, pipe, keys, args...)
		return nil
	}
}

// PurgeDeadLetters takes ids off the list of dead letters, and returns how many
// were on it. Their records stay.
func (db *DB) PurgeDeadLetters(ctx context.Context, namespace string, ids ...core.ActivationID) (int, error) {
	if len(ids) == 0 {
		return 0, nil
	}
	keys, args := unbury(namespace, "", ids)
	n, err := unburyScript.Run(ctx, db.rdb, keys, args...).Int()
	if err != nil {
		return 0, unavailable(ctx, "purge dead letters", err)
	}
	return n, nil
}
