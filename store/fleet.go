package store

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
)

// Share is the replicas of one function that one worker process has.
type Share struct {
	Worker   string `json:"-"`                  // token of the process
	Revision string `json:"revision"`           // that its newest replicas run
	Ready    int    `json:"ready"`              // of any revision, that take calls
	Starting int    `json:"starting,omitempty"` // on their way
	Inflight int    `json:"inflight,omitempty"` // calls in the replicas, when this was written
	// Trouble says, in words for the function's owner, why none can be
	// started; empty when they can.
	Trouble string `json:"trouble,omitempty"`
}

// maxFleet is how many entries of the fleet's stream are kept. Who misses one
// finds out within seconds by looking.
const maxFleet = 1024

// AnnounceFunction tells all workers and API servers that a function or its
// number of replicas has changed, or that it is gone.
func (db *DB) AnnounceFunction(ctx context.Context, name core.Name) error {
	pipe := db.rdb.Pipeline()
	pipe.SAdd(ctx, deployedKey, name.Namespace+"/"+name.Local())
	db.addFleet(ctx, pipe, name)
	if _, err := pipe.Exec(ctx); err != nil {
		return unavailable(ctx, "announce function", err)
	}
	return nil
}

func (db *DB) addFleet(ctx context.Context, pipe redis.Pipeliner, name core.Name) {
	pipe.XAdd(ctx, &redis.XAddArgs{
		Stream: fleetKey, MaxLen: maxFleet, Approx: true, Values: []any{"function", name.Namespace + "/" + name.Local()},
	})
}

// WakeFleet ends the wait of every call of FleetEvents, with nothing.
func (db *DB) WakeFleet(ctx context.Context) error {
	err := db.rdb.XAdd(ctx, &redis.XAddArgs{Stream: fleetKey, MaxLen: maxFleet, Approx: true, Values: []any{"function", ""}}).Err()
	if err != nil {
		return unavailable(ctx, "wake readers of the fleet", err)
	}
	return nil
}

// LastFleetEvent returns the position at the end of the stream, for
// FleetEvents.
func (db *DB) LastFleetEvent(ctx context.Context) (string, error) {
	last, err := db.rdb.XRevRangeN(ctx, fleetKey, "+", "-", 1).Result()
	if err != nil {
		return "", unavailable(ctx, "find end of the fleet's stream", err)
	}
	if len(last) == 0 {
		return "0-0", nil
	}
	return last[0].ID, nil
}

// FleetEvents waits for changes after the position, no longer than wait, and
// returns the functions concerned, each once, with the position after them.
func (db *DB) FleetEvents(ctx context.Context, after string, wait time.Duration) ([]core.Name, string, error) {
	got, err := db.rdb.XRead(ctx, &redis.XReadArgs{Streams: []string{fleetKey, after}, Count: maxFleet, Block: wait}).Result()
	if err == redis.Nil { //nolint:errorlint // go-redis returns it bare
		return nil, after, nil
	}
	if err != nil {
		return nil, after, unavailable(ctx, "read the fleet's stream", err)
	}
	seen := map[core.Name]bool{}
	var names []core.Name
	for _, stream := range got {
		for _, m := range stream.Messages {
			after = m.ID
			text, _ := m.Values["function"].(string)
			namespace, local, ok := strings.Cut(text, "/")
			if name := core.ParseLocal(namespace, local); ok && !seen[name] {
				seen[name] = true
				names = append(names, name)
			}
		}
	}
	return names, after, nil
}

// PutShare writes what a worker process has of a function, and tells all. A
// share of nothing is deleted.
func (db *DB) PutShare(ctx context.Context, name core.Name, s Share) error {
	body, err := json.Marshal(s)
	if err != nil {
		return err
	}
	field := name.Local() + "/" + s.Worker
	pipe := db.rdb.Pipeline()
	if s.Ready == 0 && s.Starting == 0 && s.Trouble == "" {
		pipe.HDel(ctx, sharesKey(name.Namespace), field)
	} else {
		pipe.HSet(ctx, sharesKey(name.Namespace), field, body)
	}
	db.addFleet(ctx, pipe, name)
	if _, err := pipe.Exec(ctx); err != nil {
		return unavailable(ctx, "write share of a function", err)
	}
	return nil
}

// DropShares deletes the shares of worker processes that are gone.
func (db *DB) DropShares(ctx context.Context, name core.Name, workers ...string) error {
	if len(workers) == 0 {
		return nil
	}
	fields := make([]string, len(workers))
	for i, w := range workers {
		fields[i] = name.Local() + "/" + w
	}
	if err := db.rdb.HDel(ctx, sharesKey(name.Namespace), fields...).Err(); err != nil {
		return unavailable(ctx, "drop shares of a function", err)
	}
	return nil
}

// Shares returns the shares of all functions of a namespace, by the local
// name of the function, of workers live or not.
func (db *DB) Shares(ctx context.Context, namespace string) (map[string][]Share, error) {
	all, err := db.rdb.HGetAll(ctx, sharesKey(namespace)).Result()
	if err != nil {
		return nil, unavailable(ctx, "read shares of functions", err)
	}
	shares := make(map[string][]Share, len(all))
	for field, body := range all {
		local, worker, ok := strings.Cut(field, "/")
		s := Share{Worker: worker}
		if ok && json.Unmarshal([]byte(body), &s) == nil {
			shares[local] = append(shares[local], s)
		}
	}
	return shares, nil
}

// Deployed returns all functions there are, without code. Names that were
// announced and stand no more are forgotten.
func (db *DB) Deployed(ctx context.Context) ([]*core.Action, error) {
	all, err := db.rdb.SMembers(ctx, deployedKey).Result()
	if err != nil {
		return nil, unavailable(ctx, "read deployed functions", err)
	}
	var list []*core.Action
	for _, text := range all {
		namespace, local, _ := strings.Cut(text, "/")
		a, err := db.Action(ctx, core.ParseLocal(namespace, local), false)
		switch k := core.KindOf(err); {
		case err == nil && a.Function != nil:
			list = append(list, a)
		case err == nil, k == core.KindNotFound, k == core.KindConflict:
			if err := db.rdb.SRem(ctx, deployedKey, text).Err(); err != nil {
				return nil, unavailable(ctx, "forget a function", err)
			}
		default:
			return nil, err
		}
	}
	return list, nil
}

// wakeScript sets the number of replicas of a function that has none.
//
// KEYS[1] -> hearth:{ns}:entity:<local>
// ARGV[1] -> revision of the function, ARGV[2] -> replicas
// Returns 1 if it was set, else 0.
var wakeScript = redis.NewScript(`
local s = redis.call("HMGET", KEYS[1], "revision", "replicas")
if s[1] ~= ARGV[1] or tonumber(s[2] or 0) > 0 then return 0 end
redis.call("HSET", KEYS[1], "replicas", ARGV[2])
return 1`)

// WakeFunction asks for so many replicas of a function that is scaled to
// none, and tells all. It does nothing to one that has some or was changed.
func (db *DB) WakeFunction(ctx context.Context, a *core.Action, replicas int) error {
	n, err := wakeScript.Run(ctx, db.rdb, []string{entityKey(a.Name.Namespace, a.Name.Local())}, a.Revision, replicas).Int()
	if err != nil {
		return unavailable(ctx, "wake function", err)
	}
	if n == 0 {
		return nil
	}
	return db.AnnounceFunction(ctx, a.Name)
}
