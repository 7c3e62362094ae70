package store

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
)

// stepScript makes the next move of a sequence or composition: it changes
// the progress of the parent and creates the activation of the step.
//
// KEYS[1] -> hearth:{ns}:act:<id of the step>
// KEYS[2] -> hearth:{ns}:queued
// KEYS[3] -> hearth:{ns}:running
// KEYS[4] -> hearth:{ns}:counts
// KEYS[5] -> hearth:{ns}:resume
// KEYS[6] -> hearth:{ns}:act:<id of the parent>
// ARGV[1] -> id of the step, ARGV[2] -> its state, ARGV[3] -> its budget in ms
// ARGV[4] -> id of the parent, ARGV[5] -> turn that this move follows
// ARGV[6] -> new progress, ARGV[7] -> ms that the step may take
// ARGV[8...] -> fields and values of the step
// Returns 1, or 0 when the parent has moved on or ended.
var stepScript = redis.NewScript(luaCreate + `
local s = redis.call("HMGET", KEYS[6], "st", "pv")
if s[1] ~= "running" or s[2] ~= ARGV[5] then return 0 end` + luaNow + `
local deadline = now + ARGV[7]
redis.call("HSET", KEYS[6], "pg", ARGV[6], "pv", ARGV[5] + 1, "sta", now, "dl", deadline)
redis.call("ZADD", KEYS[3], deadline, ARGV[4])
redis.call("ZREM", KEYS[5], ARGV[4])
if redis.call("EXISTS", KEYS[1]) == 0 then
	create(KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], ARGV[1], ARGV[2], ARGV[3], 8, now)
end
return 1`)

// Step is a move of a sequence or composition.
type Step struct {
	Creation // of the step's activation, in the namespace of the parent
	Parent   core.ActivationID
	Turn     int       // of the parent's record as it was read
	Progress core.JSON // of the parent, after the move
	// Limit is how long the step may take before the parent gives up.
	Limit time.Duration
}

// Step makes the move, once for every turn: whoever comes second changes
// nothing. What also adds to the pipeline goes in the same round trip.
func (db *DB) Step(ctx context.Context, s Step, also ...Addition) error {
	return db.accept(ctx, func(pipe redis.Pipeliner) error {
		a := s.Activation
		list, err := db.fields(a, s.Creation.Progress)
		if err != nil {
			return err
		}
		args := append([]any{
			string(a.ID), string(a.State), budget(a), string(s.Parent), s.Turn,
			db.sealField(core.Ref{Namespace: a.Namespace, ID: s.Parent}, fieldProgress, s.Progress), s.Limit.Milliseconds(),
		}, list...)
		stepScript.Eval(ctx, pipe, append(createKeys(a.Ref), activationKey(a.Namespace, s.Parent)), args...)
		touch(ctx, pipe, a.Namespace)
		owe(ctx, pipe, a)
		return nil
	}, also)
}

// settledScript takes a parent off the list of those that have a move to
// make, if it still has the turn at which there was none.
//
// KEYS[1] -> hearth:{ns}:act:<id>
// KEYS[2] -> hearth:{ns}:resume
// ARGV[1] -> id, ARGV[2] -> turn
// ARGV[3] -> hearth:{ns}:act:<id of the step that was not done>
// Returns the number removed.
var settledScript = redis.NewScript(`
local s = redis.call("HMGET", KEYS[1], "st", "pv")
if s[1] == "running" then
	if s[2] ~= ARGV[2] then return 0 end
	if ARGV[3] ~= "" and redis.call("HGET", ARGV[3], "st") == "done" then return 0 end
end
return redis.call("ZREM", KEYS[2], ARGV[1])`)

// Settled says that the parent, as it was read, waits for the step and needs
// no move; or, without a step, that it has ended.
func (db *DB) Settled(ctx context.Context, parent *Record, step core.ActivationID) error {
	ns, other := parent.Namespace, ""
	if step != "" {
		other = activationKey(ns, step)
	}
	keys := []string{activationKey(ns, parent.ID), resumeKey(ns)}
	if err := settledScript.Run(ctx, db.rdb, keys, string(parent.ID), parent.Turn, other).Err(); err != nil {
		return unavailable(ctx, "settle sequence", err)
	}
	return nil
}
