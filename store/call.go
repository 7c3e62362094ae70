package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
)

// callLife is how long the name of a call is remembered.
const callLife = 24 * time.Hour

// callDigest stands for the name that a client has given to a call, which may
// be long.
func callDigest(call string) string {
	sum := sha256.Sum256([]byte(call))
	return hex.EncodeToString(sum[:16])
}

// NoteCall remembers the activation under the name that its caller gave it.
func (db *DB) NoteCall(ctx context.Context, ref core.Ref, call string) error {
	key := callKey(ref.Namespace, callDigest(call))
	_, err := db.rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		pipe.SAdd(ctx, key, string(ref.ID))
		pipe.Expire(ctx, key, callLife)
		return nil
	})
	if err != nil {
		return unavailable(ctx, "note call of a function", err)
	}
	return nil
}

// Calls returns the activations that were noted under the name, and that of
// the id which the name is, where it is one. They may be gone.
func (db *DB) Calls(ctx context.Context, namespaces []string, call string) ([]core.Ref, error) {
	if len(namespaces) == 0 {
		return nil, nil
	}
	id, notID := core.ParseActivationID(strings.ReplaceAll(call, "-", ""))
	noted := make([]*redis.StringSliceCmd, len(namespaces))
	there := make([]*redis.IntCmd, len(namespaces))
	_, err := db.rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i, ns := range namespaces {
			noted[i] = pipe.SMembers(ctx, callKey(ns, callDigest(call)))
			if notID == nil {
				there[i] = pipe.Exists(ctx, activationKey(ns, id))
			}
		}
		return nil
	})
	if err != nil {
		return nil, unavailable(ctx, "find call of a function", err)
	}
	var refs []core.Ref
	for i, ns := range namespaces {
		for _, member := range noted[i].Val() {
			refs = append(refs, core.Ref{Namespace: ns, ID: core.ActivationID(member)})
		}
		if there[i] != nil && there[i].Val() > 0 {
			refs = append(refs, core.Ref{Namespace: ns, ID: id})
		}
	}
	return refs, nil
}

// KeepAll is Keep for several, in one round trip.
func (db *DB) KeepAll(ctx context.Context, list []*core.Activation, keep Retention) error {
	return db.accept(ctx, func(pipe redis.Pipeliner) error {
		for _, a := range list {
			if err := db.Recording(ctx, a, keep)(pipe); err != nil {
				return err
			}
		}
		return nil
	}, nil)
}
