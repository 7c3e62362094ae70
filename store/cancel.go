package store

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
)

// cancelScript notes that a running attempt is to be cancelled: if it is given
// back or lost instead, it is not to run again.
//
// KEYS[1] -> hearth:{ns}:act:<id>
// ARGV[1] -> attempt
// Returns 1, or 0 when the attempt does not run.
var cancelScript = redis.NewScript(`
local s = redis.call("HMGET", KEYS[1], "st", "at")
if s[1] ~= "running" or s[2] ~= ARGV[1] then return 0 end
redis.call("HSET", KEYS[1], "can", 1)
return 1`)

// AskCancel tells the worker that runs a to kill it; the worker hears of it
// with its next heartbeat. KindConflict: the attempt has been taken away.
func (db *DB) AskCancel(ctx context.Context, a *core.Activation) error {
	n, err := cancelScript.Run(ctx, db.rdb, []string{activationKey(a.Namespace, a.ID)}, a.Attempt).Int()
	if err != nil {
		return unavailable(ctx, "mark activation as cancelled", err)
	}
	if n == 0 {
		return conflict()
	}
	pipe := db.rdb.Pipeline()
	pipe.RPush(ctx, cancelsKey(a.Worker), order(a.Ref))
	pipe.Expire(ctx, cancelsKey(a.Worker), time.Hour)
	if _, err := pipe.Exec(ctx); err != nil {
		return unavailable(ctx, "ask for cancellation", err)
	}
	return nil
}
