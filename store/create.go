package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
)

// createScript makes the record of an activation, once.
//
// KEYS[1] -> hearth:{ns}:act:<id>
// KEYS[2] -> hearth:{ns}:queued
// KEYS[3] -> hearth:{ns}:running
// KEYS[4] -> hearth:{ns}:counts
// KEYS[5] -> hearth:{ns}:resume
// ARGV[1] -> id
// ARGV[2] -> "queued", or "running" for one that needs no worker
// ARGV[3] -> budget of an attempt in ms
// ARGV[4...] -> fields and values
// Returns 1, or 0 when there is one of that id already.
var createScript = redis.NewScript(luaCreate + `
if redis.call("EXISTS", KEYS[1]) == 1 then return 0 end` + luaNow + `
create(KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], ARGV[1], ARGV[2], ARGV[3], 4, now)
return 1`)

// luaCreate defines create, which writes a new record; first is where its
// fields begin in ARGV.
const luaCreate = `
local function create(act, queued, running, counts, resume, id, state, budget, first, now)
	redis.call("HSET", act, "st", state, "acc", now, "bud", budget, "at", 0, unpack(ARGV, first))
	redis.call("HINCRBY", counts, "accepted", 1)
	if state == "queued" then
		redis.call("ZADD", queued, now, id)
		return
	end
	redis.call("HSET", act, "at", 1, "pv", 0, "sta", now, "dl", now + budget)
	redis.call("ZADD", running, now + budget, id)
	redis.call("ZADD", resume, now, id)
end
`

// slack is added to the time limits of /init and /run to give the deadline
// of an attempt: pulling an image and starting a container come before.
const slack = 5 * time.Minute

// parentBudget is how long a sequence or composition may stay without a
// move before its first step begins.
const parentBudget = time.Minute

func budget(a *core.Activation) int64 {
	if a.State == core.StateRunning {
		return parentBudget.Milliseconds()
	}
	return (2*a.Limits.Timeout + slack).Milliseconds()
}

// Creation is an activation to be made.
type Creation struct {
	// Activation has State queued, or running for a sequence or composition,
	// which no worker claims and whose Progress says where it stands.
	Activation *core.Activation
	Progress   core.JSON
	// Delay is how long after its accept the activation is due, whole
	// milliseconds. One with a delay has State queued, whatever it is.
	Delay time.Duration
}

// Addition adds commands to a pipeline. They bear repetition.
type Addition = func(redis.Pipeliner) error

// Create makes the records, each once: one that is there already is left
// alone. What also adds to the pipeline goes in the same round trip, after
// them. The error is of core.KindUnavailable.
func (db *DB) Create(ctx context.Context, list []Creation, also ...Addition) error {
	return db.accept(ctx, func(pipe redis.Pipeliner) error {
		for _, c := range list {
			a := c.Activation
			if c.Delay > 0 {
				if err := db.delay(ctx, pipe, c); err != nil {
					return err
				}
				continue
			}
			args, err := db.fields(a, c.Progress)
			if err != nil {
				return err
			}
			args = append([]any{string(a.ID), string(a.State), budget(a)}, args...)
			createScript.Eval(ctx, pipe, createKeys(a.Ref), args...)
			touch(ctx, pipe, a.Namespace)
			owe(ctx, pipe, a)
		}
		return nil
	}, also)
}

func createKeys(ref core.Ref) []string {
	ns := ref.Namespace
	return []string{activationKey(ns, ref.ID), queuedKey(ns), runningKey(ns), countsKey(ns), resumeKey(ns)}
}

// touch marks the namespace as one that the reconciler looks at.
func touch(ctx context.Context, pipe redis.Pipeliner, namespace string) {
	pipe.ZAdd(ctx, busyKey, redis.Z{Score: float64(time.Now().UnixMilli()), Member: namespace})
}

// accept sends what fill adds, and then what also adds, in one round trip.
// In a cluster, where the two go to different servers, it takes a round trip
// each: a task must not be found before its record.
//
// Where Redis has to be sent a script's text first, a task may come a moment
// before its record; whoever takes it waits for that.
func (db *DB) accept(ctx context.Context, fill Addition, also []Addition) error {
	rounds := [][]Addition{append([]Addition{fill}, also...)}
	if db.isCluster() {
		rounds = [][]Addition{{fill}, also}
	}
	for _, round := range rounds {
		err := db.pipelined(ctx, round)
		if err != nil {
			return unavailable(ctx, "accept activation", err)
		}
	}
	return nil
}

// withdrawScript takes back a record that nobody has claimed.
//
// KEYS[1] -> hearth:{ns}:act:<id>
// KEYS[2] -> hearth:{ns}:queued
// KEYS[3] -> hearth:{ns}:counts
// ARGV[1] -> id
// Returns 1 if it was there, else 0.
var withdrawScript = redis.NewScript(`
local s = redis.call("HMGET", KEYS[1], "st", "at")
if s[1] ~= "queued" or s[2] ~= "0" then return 0 end
redis.call("DEL", KEYS[1])
redis.call("ZREM", KEYS[2], ARGV[1])
redis.call("HINCRBY", KEYS[3], "accepted", -1)
return 1`)

// Withdraw takes back an activation that was created and not claimed: what
// a caller does who was not sure that Create succeeded, and says so to its
// own caller.
func (db *DB) Withdraw(ctx context.Context, ref core.Ref) error {
	keys := []string{activationKey(ref.Namespace, ref.ID), queuedKey(ref.Namespace), countsKey(ref.Namespace)}
	if err := withdrawScript.Run(ctx, db.rdb, keys, string(ref.ID)).Err(); err != nil {
		return unavailable(ctx, "withdraw activation", err)
	}
	return nil
}

// recordScript makes the record of an activation that is done, once.
//
// KEYS[1] -> hearth:{ns}:act:<id>
// KEYS[2] -> hearth:{ns}:activations
// KEYS[3] -> hearth:{ns}:counts
// ARGV[1] -> id, ARGV[2] -> start in ms
// ARGV[3] -> retention in s, ARGV[4] -> most records to keep
// ARGV[5] -> prefix of named indexes, ARGV[6] -> prefix of activation keys
// ARGV[7] -> 1 to tell senders of its callbacks, 0 in a cluster
// ARGV[8...] -> fields and values
// Returns 1, or 0 when there is one of that id already.
var recordScript = redis.NewScript(luaIndex + luaDeliver + `
if redis.call("EXISTS", KEYS[1]) == 1 then return 0 end` + luaNow + `
redis.call("HSET", KEYS[1], "st", "done", "acc", now, "at", 0, "vis", 1, unpack(ARGV, 8))
redis.call("EXPIRE", KEYS[1], ARGV[3])
redis.call("HINCRBY", KEYS[3], "accepted", 1)
redis.call("HINCRBY", KEYS[3], "done", 1)
local s = redis.call("HMGET", KEYS[1], "tell", "out", "res", "keep")
if s[1] then deliver(KEYS[1], ARGV[1], s[1], s[2], s[3], now, ARGV[7] == "1") end
if s[4] == "0" then return redis.call("EXPIRE", KEYS[1], ` + fmt.Sprint(int(unstoredLife.Seconds())) + `) end
index(KEYS[1], KEYS[2], ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5], ARGV[6], now)
return 1`)

// Recording adds to a pipeline the commands that keep an activation which
// is done, a.Outcome with its logs included, without its having been queued.
// Repeating it is harmless. Nothing is kept of an unstored one.
func (db *DB) Recording(ctx context.Context, a *core.Activation, keep Retention) Addition {
	return func(pipe redis.Pipeliner) error {
		if a.Unstored && len(a.Callbacks) == 0 {
			return nil
		}
		args, err := db.fields(a, nil)
		if err != nil {
			return err
		}
		out, logs, err := encodeOutcome(a.Outcome)
		if err != nil {
			return err
		}
		head := append([]any{string(a.ID), a.Outcome.Start.UnixMilli()}, keep.args(a.Namespace)...)
		args = append(append(head, db.rings()), args...)
		args = append(args, fieldOutcome, out, fieldResult, []byte(a.Outcome.Result), fieldLogs, logs)
		if len(a.Outcome.Rules) > 0 {
			rules, err := encodeRuleResults(a.Outcome.Rules)
			if err != nil {
				return err
			}
			args = append(args, fieldRules, rules)
		}
		keys := []string{activationKey(a.Namespace, a.ID), activationsKey(a.Namespace), countsKey(a.Namespace)}
		recordScript.Eval(ctx, pipe, keys, args...)
		owe(ctx, pipe, a)
		return nil
	}
}

// Keep writes the record of an activation that is done; see Recording.
func (db *DB) Keep(ctx context.Context, a *core.Activation, keep Retention) error {
	return db.accept(ctx, db.Recording(ctx, a, keep), nil)
}

// encodeOutcome returns the stored forms of outcome and logs; logs are empty
// when they follow.
func encodeOutcome(o core.Outcome) (out, logs []byte, err error) {
	if out, err = json.Marshal(outcomeOf(o)); err != nil {
		return nil, nil, fmt.Errorf("encode outcome: %w", err)
	}
	if o.Logs == nil {
		return out, nil, nil
	}
	if logs, err = json.Marshal(o.Logs); err != nil {
		return nil, nil, fmt.Errorf("encode logs: %w", err)
	}
	return out, logs, nil
}
