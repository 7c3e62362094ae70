// Package store is the door to Redis for everything that is kept: namespaces,
// entities, activations, workers. Key names are in keys.go and nowhere else;
// what must change together changes in one Lua script.
package store

import (
	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/store/seal"
)

// DB reads and writes Hearth's data in one Redis. It is safe for concurrent
// use.
type DB struct {
	rdb     redis.UniversalClient
	decoded *memo
	digests digests
	keys    *seal.Keys // nil: nothing is sealed
}

// New returns a DB on the client, which the caller closes. It seals nothing;
// see NewSealing.
func New(rdb redis.UniversalClient) *DB { return &DB{rdb: rdb, decoded: newMemo()} }
