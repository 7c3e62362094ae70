package store

import (
	"context"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
)

// waitingScript notes what a claimed activation waits for.
//
// KEYS[1] -> hearth:{ns}:act:<id>
// ARGV[1] -> attempt, ARGV[2] -> what, with the attempt
// Returns 1, or 0 when the attempt does not run.
var waitingScript = redis.NewScript(`
local s = redis.call("HMGET", KEYS[1], "st", "at")
if s[1] ~= "running" or s[2] ~= ARGV[1] then return 0 end
redis.call("HSET", KEYS[1], "wai", ARGV[2])
return 1`)

// SetWaiting notes what the attempt of a waits for, a word of the worker's.
// Nothing happens when the attempt has been taken away.
func (db *DB) SetWaiting(ctx context.Context, a *core.Activation, what string) error {
	at := strconv.Itoa(a.Attempt)
	if err := waitingScript.Run(ctx, db.rdb, []string{activationKey(a.Namespace, a.ID)}, at, at+":"+what).Err(); err != nil {
		return unavailable(ctx, "note what activation waits for", err)
	}
	return nil
}

// waitingOf reads the field; what was noted of another attempt is nothing.
func waitingOf(field, attempt string) string {
	what, ok := strings.CutPrefix(field, attempt+":")
	if !ok {
		return ""
	}
	return what
}
