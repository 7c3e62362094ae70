package store

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
)

// onceLife is how long an idempotency key is remembered.
const onceLife = 24 * time.Hour

// onceScript takes an idempotency key, or tells who has it.
//
// KEYS[1] -> hearth:{ns}:once:<digest>
// ARGV[1] -> id of the activation it is to stand for
// ARGV[2] -> hash of the request
// ARGV[3] -> life in s
// Returns {id, hash, 1 if its activation was accepted, 1 if it was taken now}.
var onceScript = redis.NewScript(`
local h = redis.call("HMGET", KEYS[1], "id", "hash", "ok")
if h[1] then return {h[1], h[2], h[3] or "", ""} end
redis.call("HSET", KEYS[1], "id", ARGV[1], "hash", ARGV[2])
redis.call("EXPIRE", KEYS[1], ARGV[3])
return {ARGV[1], ARGV[2], "", "1"}`)

// Once is what an idempotency key stands for.
type Once struct {
	ID   core.ActivationID
	Hash string // of the request that came with it first
	// Accepted says that the activation was accepted. Until then, whoever comes
	// with the key makes it, under ID, which changes nothing where it is there.
	Accepted bool
	// New says that this call took the key.
	New bool
}

// Once takes an idempotency key of a namespace for an activation and a
// request, or returns what it has been taken for. digest names the key.
func (db *DB) Once(ctx context.Context, namespace, digest string, id core.ActivationID, hash string) (Once, error) {
	got, err := onceScript.Run(ctx, db.rdb, []string{onceKey(namespace, digest)}, string(id), hash, int(onceLife.Seconds())).StringSlice()
	if err != nil {
		return Once{}, unavailable(ctx, "take idempotency key", err)
	}
	if len(got) != 4 {
		return Once{}, fmt.Errorf("take idempotency key: script answered %d values", len(got))
	}
	return Once{ID: core.ActivationID(got[0]), Hash: got[1], Accepted: got[2] != "", New: got[3] != ""}, nil
}

// Accepting adds to the pipeline of an accept that the activation of the key
// has been accepted. It comes after what makes the activation.
func (db *DB) Accepting(ctx context.Context, namespace, digest string) Addition {
	return func(pipe redis.Pipeliner) error {
		key := onceKey(namespace, digest)
		pipe.HSet(ctx, key, "ok", 1)
		pipe.Expire(ctx, key, onceLife)
		return nil
	}
}
