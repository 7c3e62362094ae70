package store

import (
	"context"
	"maps"
	"slices"

	"github.com/redis/go-redis/v9"
)

// Counts are the activations of a namespace: of all time, and now.
type Counts struct{ Accepted, Done, Queued, Running int }

// Drift is how many activations are unaccounted for; anything but 0 is a bug.
func (c Counts) Drift() int { return c.Accepted - c.Done - c.Queued - c.Running }

// countsScript reads four numbers of one moment.
//
// KEYS[1] -> hearth:{ns}:counts
// KEYS[2] -> hearth:{ns}:queued
// KEYS[3] -> hearth:{ns}:running
// Returns {accepted, done, queued, running}.
var countsScript = redis.NewScript(`
local c = redis.call("HMGET", KEYS[1], "accepted", "done")
return {tonumber(c[1] or 0), tonumber(c[2] or 0), redis.call("ZCARD", KEYS[2]), redis.call("ZCARD", KEYS[3])}`)

// Counts reads the counts of a namespace, all of one moment.
func (db *DB) Counts(ctx context.Context, namespace string) (Counts, error) {
	keys := []string{countsKey(namespace), queuedKey(namespace), runningKey(namespace)}
	n, err := countsScript.Run(ctx, db.rdb, keys).Int64Slice()
	if err != nil || len(n) != 4 {
		return Counts{}, unavailable(ctx, "count activations", err)
	}
	return Counts{Accepted: int(n[0]), Done: int(n[1]), Queued: int(n[2]), Running: int(n[3])}, nil
}

// Busy returns the namespaces that have accepted something lately, and all
// that have anything queued or running, each with a number that changes with
// every accept.
func (db *DB) Busy(ctx context.Context) (map[string]float64, error) {
	list, err := db.rdb.ZRangeWithScores(ctx, busyKey, 0, -1).Result()
	if err != nil {
		return nil, unavailable(ctx, "list busy namespaces", err)
	}
	names := make(map[string]float64, len(list))
	for _, z := range list {
		name, _ := z.Member.(string)
		names[name] = z.Score
	}
	return names, nil
}

// BusyNamespaces returns the names of Busy, sorted.
func (db *DB) BusyNamespaces(ctx context.Context) ([]string, error) {
	busy, err := db.Busy(ctx)
	return slices.Sorted(maps.Keys(busy)), err
}
