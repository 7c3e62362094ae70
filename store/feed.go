package store

import (
	"context"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
)

// Feed is a trigger that reads the stream of somebody else.
type Feed struct {
	Trigger core.Name
	// Doc are its settings, in a form that is the source's own; sealed in Redis.
	Doc []byte
}

// PutFeed writes the feed of a trigger.
func (db *DB) PutFeed(ctx context.Context, f Feed) error {
	stored := db.sealText(feedPlace(f.Trigger), f.Doc)
	if err := db.rdb.HSet(ctx, feedsKey(shardOf(f.Trigger)), f.Trigger.Full(), stored).Err(); err != nil {
		return unavailable(ctx, "write feed", err)
	}
	return nil
}

// Feed reads the feed of a trigger. ErrNotFound.
func (db *DB) Feed(ctx context.Context, trigger core.Name) (Feed, error) {
	stored, err := db.rdb.HGet(ctx, feedsKey(shardOf(trigger)), trigger.Full()).Result()
	switch {
	case err == redis.Nil: //nolint:errorlint // go-redis returns it bare
		return Feed{}, ErrNotFound
	case err != nil:
		return Feed{}, unavailable(ctx, "read feed", err)
	}
	doc, err := db.openText(feedPlace(trigger), stored)
	return Feed{Trigger: trigger, Doc: doc}, err
}

// Feeds are those of all triggers. One that cannot be opened has no Doc.
func (db *DB) Feeds(ctx context.Context) ([]Feed, error) {
	var list []Feed
	for shard := range EventShards {
		all, err := db.rdb.HGetAll(ctx, feedsKey(strconv.Itoa(shard))).Result()
		if err != nil {
			return nil, unavailable(ctx, "read feeds", err)
		}
		for full, stored := range all {
			namespace, local, _ := strings.Cut(full, "/")
			f := Feed{Trigger: core.ParseLocal(namespace, local)}
			if doc, err := db.openText(feedPlace(f.Trigger), stored); err == nil {
				f.Doc = doc
			}
			list = append(list, f)
		}
	}
	return list, nil
}

// DropFeed takes the feed of a trigger away with all that it had under way, if
// there is one.
func (db *DB) DropFeed(ctx context.Context, trigger core.Name) error {
	shard, full := shardOf(trigger), trigger.Full()
	_, err := db.rdb.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
		pipe.HDel(ctx, feedsKey(shard), full)
		pipe.Unlink(ctx, flightsKey(shard, full), takenKey(shard, full), deadEntriesKey(shard, full))
		return nil
	})
	if err != nil {
		return unavailable(ctx, "drop feed", err)
	}
	return nil
}

func feedPlace(trigger core.Name) string { return "feed\x00" + trigger.Full() }
