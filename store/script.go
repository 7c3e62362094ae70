package store

import (
	"context"
	"crypto/sha1" //nolint:gosec // Redis names scripts by it
	"encoding/hex"
	"errors"
	"slices"
	"sync"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
)

// luaNow reads Redis' clock. Every time in a record is by this one clock.
const luaNow = `
local t = redis.call("TIME")
local now = t[1] * 1000 + math.floor(t[2] / 1000)
`

// isCluster says whether keys without a common hash tag may not meet in one
// script.
func (db *DB) isCluster() bool {
	_, ok := db.rdb.(*redis.ClusterClient)
	return ok
}

// unavailable makes the failure of a command one of core.KindUnavailable,
// except when the caller gave up.
func unavailable(ctx context.Context, doing string, err error) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	return core.Unavailable(doing, err)
}

// digests are those of scripts, by text.
type digests struct{ known sync.Map }

func (d *digests) of(script string) string {
	if sum, ok := d.known.Load(script); ok {
		return sum.(string) //nolint:forcetypeassert // nothing else is stored
	}
	sum := sha1.Sum([]byte(script)) //nolint:gosec // see above
	text := hex.EncodeToString(sum[:])
	d.known.Store(script, text)
	return text
}

// byDigest is a pipeline that sends scripts as their digests.
type byDigest struct {
	redis.Pipeliner
	digests *digests
}

// Eval sends EVALSHA.
func (p byDigest) Eval(ctx context.Context, script string, keys []string, args ...any) *redis.Cmd {
	return p.EvalSha(ctx, p.digests.of(script), keys, args...)
}

// pipelined sends what the additions add in one round trip, the scripts among
// it as digests. When Redis does not know one of those, that one alone has
// failed: all of it, which bears repetition, is sent once more, as texts.
func (db *DB) pipelined(ctx context.Context, additions []Addition) error {
	cmds, err := db.rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		return addAll(byDigest{pipe, &db.digests}, additions)
	})
	unknown := func(cmd redis.Cmder) bool { return redis.HasErrorPrefix(cmd.Err(), "NOSCRIPT") }
	if err == nil || !slices.ContainsFunc(cmds, unknown) {
		return err
	}
	_, err = db.rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error { return addAll(pipe, additions) })
	return err
}

func addAll(pipe redis.Pipeliner, additions []Addition) error {
	for _, add := range additions {
		if err := add(pipe); err != nil {
			return err
		}
	}
	return nil
}
