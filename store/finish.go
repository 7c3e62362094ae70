package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
)

const (
	// inlineResult is the largest result that travels in a reply itself;
	// whoever waits for a larger one reads the record.
	inlineResult = 64 << 10
	maxReplies   = 4096 // entries of a reply stream
	replyLife    = 10 * time.Minute
	// unstoredLife is how long an unstored record stays for who waits.
	unstoredLife = 2 * time.Minute
)

// finishScript ends an activation, once.
//
// KEYS[1] -> hearth:{ns}:act:<id>
// KEYS[2] -> hearth:{ns}:queued
// KEYS[3] -> hearth:{ns}:running
// KEYS[4] -> hearth:{ns}:counts
// KEYS[5] -> hearth:{ns}:activations
// KEYS[6] -> hearth:{ns}:logging
// KEYS[7] -> hearth:{ns}:resume
// ARGV[1] -> id, ARGV[2] -> attempt, ARGV[3] -> state it must be in
// ARGV[4] -> outcome, ARGV[5] -> result, ARGV[6] -> logs, "" if they follow
// ARGV[7] -> start in ms
// ARGV[8], ARGV[9] -> retention in s, most records to keep
// ARGV[10], ARGV[11] -> prefixes of named indexes and of activation keys
// ARGV[12] -> prefix of reply streams, empty in a cluster, where they live in
// other slots
// ARGV[13], ARGV[14] -> new document and progress, or empty
// ARGV[15] -> 0 to keep no record, or empty for what was said at its accept
// Returns {code, reply stream's name, parent}: code 1 ended now, 2 ended so
// before, 0 not in that state or attempt, -1 no such record.
var finishScript = redis.NewScript(luaIndex + luaReply + luaDeliver + `
local s = redis.call("HMGET", KEYS[1], "st", "at", "out", "wt", "par", "keep", "tell")
local wait, parent = s[4] or "", s[5] or ""
if not s[1] then return {-1, "", ""} end
if s[1] == "done" and s[2] == ARGV[2] and s[3] == ARGV[4] then return {2, wait, parent} end
if s[1] ~= ARGV[3] or s[2] ~= ARGV[2] then return {0, "", ""} end` + luaNow + `
redis.call("HSET", KEYS[1], "st", "done", "out", ARGV[4], "res", ARGV[5], "beg", ARGV[7])
redis.call("HDEL", KEYS[1], "in", "env", "key", "w", "cl", "dl")
if ARGV[13] ~= "" then redis.call("HSET", KEYS[1], "doc", ARGV[13], "pg", ARGV[14]) end
if ARGV[15] == "0" then
	s[6] = "0"
	redis.call("HSET", KEYS[1], "keep", 0)
end
if s[7] then deliver(KEYS[1], ARGV[1], s[7], ARGV[4], ARGV[5], now, ARGV[12] ~= "") end
redis.call("ZREM", KEYS[ARGV[3] == "queued" and 2 or 3], ARGV[1])
redis.call("ZREM", KEYS[7], ARGV[1])
redis.call("HINCRBY", KEYS[4], "done", 1)
if parent ~= "" then redis.call("ZADD", KEYS[7], now, parent) end
if s[6] == "0" then
	redis.call("EXPIRE", KEYS[1], ` + fmt.Sprint(int(unstoredLife.Seconds())) + `)
else
	redis.call("EXPIRE", KEYS[1], math.max(tonumber(ARGV[8]), ` + fmt.Sprint(int(unstoredLife.Seconds())) + `))
	if ARGV[6] == "" then
		redis.call("ZADD", KEYS[6], now, ARGV[1])
	else
		redis.call("HSET", KEYS[1], "logs", ARGV[6], "vis", 1)
		index(KEYS[1], KEYS[5], ARGV[1], ARGV[7], tonumber(ARGV[8]), tonumber(ARGV[9]), ARGV[10], ARGV[11], now)
	end
end
if wait ~= "" and ARGV[12] ~= "" then reply(ARGV[12] .. wait, ARGV[1], ARGV[4], ARGV[5]) end
return {1, wait, parent}`)

// luaReply defines reply, which tells an API server of an end. A stream's life
// is prolonged when half of it is over.
//
//nolint:gochecknoglobals // a constant in all but form
var luaReply = fmt.Sprintf(`
local function reply(stream, id, out, res)
	if #res <= %d then
		redis.call("XADD", stream, "MAXLEN", "~", %d, "*", "id", id, "out", out, "res", res)
	else
		redis.call("XADD", stream, "MAXLEN", "~", %d, "*", "id", id)
	end
	if redis.call("TTL", stream) < %d then redis.call("EXPIRE", stream, %d) end
end
`, inlineResult, maxReplies, maxReplies, int(replyLife.Seconds())/2, int(replyLife.Seconds()))

// Finish ends the attempt of a, which must be in a.State, and returns the
// parent that has a move to make because of it, if any. Who waits is told. An
// outcome without logs (nil) keeps the record off the lists until AddLogs.
// Of one that is unstored, no record is kept.
//
// Repeating it with the same outcome is harmless. KindConflict: the attempt
// has been taken away or has ended otherwise. KindNotFound: no such record.
func (db *DB) Finish(ctx context.Context, a *core.Activation, o core.Outcome, keep Retention) (core.ActivationID, error) {
	return db.finish(ctx, a, o, keep, "", "")
}

// FinishAs is Finish that also keeps kind and limits of a as they are now, and
// a last progress: those of a sequence or composition come to be known with
// its steps, and what never ran has no kind.
func (db *DB) FinishAs(ctx context.Context, a *core.Activation, o core.Outcome, progress core.JSON, keep Retention) (core.ActivationID, error) {
	doc, err := json.Marshal(docOf(a))
	if err != nil {
		return "", fmt.Errorf("encode activation: %w", err)
	}
	return db.finish(ctx, a, o, keep, string(doc), string(db.sealField(a.Ref, fieldProgress, progress)))
}

func (db *DB) finish(ctx context.Context, a *core.Activation, o core.Outcome, keep Retention, doc, progress string) (core.ActivationID, error) {
	if err := db.bury(ctx, a, o, keep); err != nil {
		return "", err
	}
	out, logs, err := encodeOutcome(o)
	if err != nil {
		return "", err
	}
	ns, replies := a.Namespace, repliesPrefix
	if db.isCluster() {
		replies = ""
	}
	keys := []string{
		activationKey(ns, a.ID), queuedKey(ns), runningKey(ns), countsKey(ns), activationsKey(ns), loggingKey(ns), resumeKey(ns),
	}
	args := append([]any{
		string(a.ID), a.Attempt, string(a.State), out, []byte(o.Result), logs, o.Start.UnixMilli(),
	}, keep.args(ns)...)
	drop := ""
	if a.Unstored {
		drop = "0"
	}
	got, err := finishScript.Run(ctx, db.rdb, keys, append(args, replies, doc, progress, drop)...).Slice()
	if err != nil || len(got) != 3 {
		return "", unavailable(ctx, "finish activation", err)
	}
	wait, _ := got[1].(string)
	parent, _ := got[2].(string)
	switch got[0] {
	case int64(0):
		return "", conflict()
	case int64(-1):
		return "", core.Errorf(core.KindNotFound, "The requested resource does not exist.")
	case int64(1):
		if wait != "" && db.isCluster() {
			err = db.announce(ctx, a.ID, wait, out, o.Result)
		}
	}
	return core.ActivationID(parent), err
}

// announce does in a cluster what luaReply does elsewhere. If it fails, who
// waits finds out by reading the record.
func (db *DB) announce(ctx context.Context, id core.ActivationID, wait string, out, result []byte) error {
	_, err := db.rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		values := []any{"id", string(id)}
		if len(result) <= inlineResult {
			values = append(values, "out", out, "res", result)
		}
		pipe.XAdd(ctx, &redis.XAddArgs{Stream: repliesPrefix + wait, MaxLen: maxReplies, Approx: true, Values: values})
		pipe.Expire(ctx, repliesPrefix+wait, replyLife)
		return nil
	})
	if err != nil {
		return unavailable(ctx, "announce end of activation", err)
	}
	return nil
}

// logsScript adds the logs of a done activation and shows it in lists, once.
//
// KEYS[1] -> hearth:{ns}:act:<id>
// KEYS[2] -> hearth:{ns}:activations
// KEYS[3] -> hearth:{ns}:logging
// ARGV[1] -> id, ARGV[2] -> attempt, ARGV[3] -> logs
// ARGV[4...7] -> as ARGV[8...11] of finishScript
// Returns 1 when it is done or unstored, 0 when the attempt has not ended.
var logsScript = redis.NewScript(luaIndex + `
redis.call("ZREM", KEYS[3], ARGV[1])
local s = redis.call("HMGET", KEYS[1], "st", "at", "vis", "keep", "beg")
if not s[1] then return 1 end
if s[1] ~= "done" or s[2] ~= ARGV[2] then return 0 end
if s[3] == "1" or s[4] == "0" then return 1 end` + luaNow + `
redis.call("HSET", KEYS[1], "logs", ARGV[3], "vis", 1)
index(KEYS[1], KEYS[2], ARGV[1], s[5] or now, tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6], ARGV[7], now)
return 1`)

// AddLogs adds the logs of the ended attempt of a, and with them shows it in
// lists. Only the first call counts. KindConflict: the attempt has not ended.
func (db *DB) AddLogs(ctx context.Context, a *core.Activation, lines []string, keep Retention) error {
	if lines == nil {
		lines = []string{}
	}
	logs, err := json.Marshal(lines)
	if err != nil {
		return fmt.Errorf("encode logs: %w", err)
	}
	ns := a.Namespace
	keys := []string{activationKey(ns, a.ID), activationsKey(ns), loggingKey(ns)}
	args := append([]any{string(a.ID), a.Attempt, logs}, keep.args(ns)...)
	n, err := logsScript.Run(ctx, db.rdb, keys, args...).Int()
	if err != nil {
		return unavailable(ctx, "add logs", err)
	}
	if n == 0 {
		return conflict()
	}
	return nil
}
