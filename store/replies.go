package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
)

// Reply tells an API server that an activation has ended.
type Reply struct {
	ID core.ActivationID
	// Outcome, without logs, when it was small enough to travel along.
	Outcome *core.Outcome
}

// LastReply returns the position at the end of the server's reply stream,
// for Replies.
func (db *DB) LastReply(ctx context.Context, server string) (string, error) {
	last, err := db.rdb.XRevRangeN(ctx, repliesPrefix+server, "+", "-", 1).Result()
	if err != nil {
		return "", unavailable(ctx, "find end of replies", err)
	}
	if len(last) == 0 {
		return "0-0", nil
	}
	return last[0].ID, nil
}

// Replies waits for replies after the position, no longer than wait, and
// returns them with the position after them.
func (db *DB) Replies(ctx context.Context, server, after string, wait time.Duration) ([]Reply, string, error) {
	got, err := db.rdb.XRead(ctx, &redis.XReadArgs{
		Streams: []string{repliesPrefix + server, after}, Count: 256, Block: wait,
	}).Result()
	if err == redis.Nil { //nolint:errorlint // go-redis returns it bare
		return nil, after, nil
	}
	if err != nil {
		return nil, after, unavailable(ctx, "read replies", err)
	}
	var list []Reply
	for _, stream := range got {
		for _, m := range stream.Messages {
			list = append(list, reply(m.Values))
			after = m.ID
		}
	}
	return list, after, nil
}

// WakeReplies ends the wait of a call of Replies for the server, with a reply
// that is nobody's.
func (db *DB) WakeReplies(ctx context.Context, server string) error {
	pipe := db.rdb.Pipeline()
	pipe.XAdd(ctx, &redis.XAddArgs{Stream: repliesPrefix + server, MaxLen: maxReplies, Approx: true, Values: []any{"id", ""}})
	pipe.Expire(ctx, repliesPrefix+server, replyLife)
	if _, err := pipe.Exec(ctx); err != nil {
		return unavailable(ctx, "wake reader of replies", err)
	}
	return nil
}

func reply(values map[string]any) Reply {
	text := func(key string) string { s, _ := values[key].(string); return s }
	r := Reply{ID: core.ActivationID(text("id"))}
	var doc outcomeDoc
	if out := text("out"); out != "" && json.Unmarshal([]byte(out), &doc) == nil {
		o := doc.outcome()
		if res := text("res"); res != "" {
			o.Result = core.JSON(res)
		}
		r.Outcome = &o
	}
	return r
}
