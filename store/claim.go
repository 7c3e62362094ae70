package store

import (
	"context"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
)

// claimScript moves an activation from queued to running.
//
// KEYS[1] -> hearth:{ns}:act:<id>
// KEYS[2] -> hearth:{ns}:queued
// KEYS[3] -> hearth:{ns}:running
// ARGV[1] -> id
// ARGV[2] -> token of the worker
// ARGV[3] -> name of this claim: the same when it is sent again because its
// answer was lost, which then is given once more
// Returns all fields, or a number: 0 not queued, -1 no such record, -2 it
// waited longer than it may and is still queued.
var claimScript = redis.NewScript(`
local s = redis.call("HMGET", KEYS[1], "st", "acc", "bud", "age", "cl", "at")
if not s[1] then return -1 end
if s[1] == "running" and s[5] == ARGV[3] then return redis.call("HGETALL", KEYS[1]) end
if s[1] ~= "queued" then return 0 end` + luaNow + `
if s[4] and now - s[2] > tonumber(s[4]) then return -2 end
local deadline = now + (s[3] or 600000)
redis.call("HSET", KEYS[1], "st", "running", "at", s[6] + 1, "w", ARGV[2], "cl", ARGV[3], "snt", 1, "sta", now, "dl", deadline)
redis.call("ZREM", KEYS[2], ARGV[1])
redis.call("ZADD", KEYS[3], deadline, ARGV[1])
return redis.call("HGETALL", KEYS[1])`)

// Claim moves a queued activation to running for the worker process, with a
// higher attempt and a deadline. KindConflict: it is not queued. KindNotFound:
// there is none. expired says that it has waited too long; it is then still
// queued, and the caller ends it. name is of this claim: asked again under the
// same name after an error, a claim that was made is answered once more.
func (db *DB) Claim(ctx context.Context, ref core.Ref, token, name string) (r *Record, expired bool, err error) {
	ns := ref.Namespace
	keys := []string{activationKey(ns, ref.ID), queuedKey(ns), runningKey(ns)}
	got, err := claimScript.Run(ctx, db.rdb, keys, string(ref.ID), token, name).Result()
	if err != nil {
		return nil, false, unavailable(ctx, "claim activation", err)
	}
	if code, ok := got.(int64); ok {
		switch code {
		case -2:
			return nil, true, nil
		case -1:
			return nil, false, core.Errorf(core.KindNotFound, "The requested resource does not exist.")
		}
		return nil, false, conflict()
	}
	r, err = db.decodeRecord(ref, pairs(got))
	return r, false, err
}

func conflict() error {
	return core.Errorf(core.KindConflict, "The activation has been taken away.")
}

// pairs makes a map of a reply of fields and values in turn. (In RESP3 a
// script's HGETALL is a map.)
func pairs(reply any) map[string]string {
	h := map[string]string{}
	text := func(v any) string { s, _ := v.(string); return s }
	switch reply := reply.(type) {
	case []any:
		for i := 0; i+1 < len(reply); i += 2 {
			h[text(reply[i])] = text(reply[i+1])
		}
	case map[any]any:
		for k, v := range reply {
			h[text(k)] = text(v)
		}
	}
	return h
}

// sentScript sets whether /run was sent in an attempt.
//
// KEYS[1] -> hearth:{ns}:act:<id>
// ARGV[1] -> attempt, ARGV[2] -> 0 or 1
// Returns 1, or 0 when the attempt does not run.
var sentScript = redis.NewScript(`
local s = redis.call("HMGET", KEYS[1], "st", "at")
if s[1] ~= "running" or s[2] ~= ARGV[1] then return 0 end
redis.call("HSET", KEYS[1], "snt", ARGV[2])
return 1`)

// SetSent notes whether /run has been sent in the attempt of a. KindConflict:
// the attempt has been taken away.
func (db *DB) SetSent(ctx context.Context, a *core.Activation, sent bool) error {
	flag := 0
	if sent {
		flag = 1
	}
	keys := []string{activationKey(a.Namespace, a.ID)}
	n, err := sentScript.Run(ctx, db.rdb, keys, a.Attempt, flag).Int()
	if err != nil {
		return unavailable(ctx, "mark activation", err)
	}
	if n == 0 {
		return conflict()
	}
	return nil
}

// requeueScript moves an activation from running back to queued. It keeps
// its place among the queued ones, which is by accept.
//
// KEYS[1] -> hearth:{ns}:act:<id>
// KEYS[2] -> hearth:{ns}:queued
// KEYS[3] -> hearth:{ns}:running
// ARGV[1] -> id, ARGV[2] -> attempt
// ARGV[3] -> new queue, ARGV[4] -> losses to add
// Returns 1, 2 when it was to be cancelled, or 0 when the attempt does not run.
var requeueScript = redis.NewScript(`
local s = redis.call("HMGET", KEYS[1], "st", "at", "acc", "can")
if s[1] ~= "running" or s[2] ~= ARGV[2] then return 0 end
redis.call("HSET", KEYS[1], "st", "queued", "q", ARGV[3], "snt", 0)
redis.call("HINCRBY", KEYS[1], "los", ARGV[4])
redis.call("HDEL", KEYS[1], "w", "dl", "sta")
redis.call("ZREM", KEYS[3], ARGV[1])
redis.call("ZADD", KEYS[2], s[3] or 0, ARGV[1])
return s[4] and 2 or 1`)

// Requeue gives the attempt of a back; lost says that its worker died. The
// caller enqueues a task in that queue after it; or ends it, when cancelled says
// that its worker was asked to. KindConflict: the attempt has been taken away.
func (db *DB) Requeue(ctx context.Context, a *core.Activation, queue string, lost bool) (cancelled bool, err error) {
	losses := 0
	if lost {
		losses = 1
	}
	ns := a.Namespace
	keys := []string{activationKey(ns, a.ID), queuedKey(ns), runningKey(ns)}
	n, err := requeueScript.Run(ctx, db.rdb, keys, string(a.ID), a.Attempt, queue, losses).Int()
	if err != nil {
		return false, unavailable(ctx, "requeue activation", err)
	}
	if n == 0 {
		return false, conflict()
	}
	return n == 2, nil
}

// moveScript names another queue for an activation that waits.
//
// KEYS[1] -> hearth:{ns}:act:<id>
// ARGV[1] -> queue it was in, ARGV[2] -> queue to name
// Returns 1, or 0 when it is not queued there.
var moveScript = redis.NewScript(`
local s = redis.call("HMGET", KEYS[1], "st", "q")
if s[1] ~= "queued" or (s[2] or "") ~= ARGV[1] then return 0 end
redis.call("HSET", KEYS[1], "q", ARGV[2])
return 1`)

// Move names another queue for a queued activation; it reports false when
// the activation has moved on by itself.
func (db *DB) Move(ctx context.Context, a *core.Activation, queue string) (bool, error) {
	n, err := moveScript.Run(ctx, db.rdb, []string{activationKey(a.Namespace, a.ID)}, a.Queue, queue).Int()
	if err != nil {
		return false, unavailable(ctx, "move activation", err)
	}
	return n == 1, nil
}
