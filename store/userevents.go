package store

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// maxUserEvents is about how many user events are kept.
const maxUserEvents = 100_000

// AppendUserEvents adds user events, each a JSON object, to their stream, in
// one round trip. KindUnavailable: some or all may be missing.
func (db *DB) AppendUserEvents(ctx context.Context, events [][]byte) error {
	pipe := db.rdb.Pipeline()
	for _, e := range events {
		pipe.XAdd(ctx, &redis.XAddArgs{Stream: userEventsKey, MaxLen: maxUserEvents, Approx: true, Values: []any{"event", e}})
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return unavailable(ctx, "append user events", err)
	}
	return nil
}
