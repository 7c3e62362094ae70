package store

import (
	"context"
	"time"

	"github.com/hearth-faas/hearth/core"
)

// AskCancel tells the worker that runs a to kill it; the worker hears of it
// with its next heartbeat.
func (db *DB) AskCancel(ctx context.Context, a *core.Activation) error {
	pipe := db.rdb.Pipeline()
	pipe.RPush(ctx, cancelsKey(a.Worker), order(a.Ref))
	pipe.Expire(ctx, cancelsKey(a.Worker), time.Hour)
	if _, err := pipe.Exec(ctx); err != nil {
		return unavailable(ctx, "ask for cancellation", err)
	}
	return nil
}
