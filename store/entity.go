package store

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
)

// record is an entity as Redis has it: the fields of its hash.
type record struct {
	typ      core.Type
	revision string
	updated  time.Time
	doc      string
	code     *string // nil when not asked for, or absent
	active   bool    // of a rule
	replicas int     // of a function
	size     int     // bytes of doc
}

// guard is the Lua function with which every write of an entity begins. It
// compares what holds the name with what the writer saw: expect is the
// revision that it read, or empty when there must be nothing. It returns 0,
// or the number of a refusal.
const guard = `
local function guard(key, typ, expect)
	local held = redis.call('HMGET', key, 'type', 'revision')
	if not held[1] then
		if expect == '' then return 0 end
		return -1
	end
	if held[1] ~= typ then return -2 end
	if expect == '' then return -3 end
	if held[2] ~= expect then return -4 end
	return 0
end
local function now()
	local t = redis.call('TIME')
	return t[1] * 1000 + math.floor(t[2] / 1000)
end
`

// newRevision returns a value that no entity had before.
func newRevision() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand documents that it panics instead
	return hex.EncodeToString(b[:])
}

// read queues the read of one entity on the pipeline. The code of an action
// stays in Redis unless asked for: it may be 48 MB.
func read(ctx context.Context, pipe redis.Pipeliner, name core.Name, code bool) *redis.SliceCmd {
	fields := []string{"type", "revision", "updated", "doc", "active", fieldReplicas}
	if code {
		fields = append(fields, "code")
	}
	return pipe.HMGet(ctx, entityKey(name.Namespace, name.Local()), fields...)
}

// parse reads the answer to read: ErrNotFound, ErrOtherType, ErrCorrupt.
func parse(cmd *redis.SliceCmd, typ core.Type) (record, error) {
	v, err := cmd.Result()
	if err != nil {
		return record{}, core.Unavailable("read "+string(typ), err)
	}
	if v[0] == nil {
		return record{}, ErrNotFound
	}
	if v[0] != string(typ) {
		return record{}, ErrOtherType
	}
	r := record{typ: typ}
	var ok [3]bool
	var updated string
	r.revision, ok[0] = v[1].(string)
	updated, ok[1] = v[2].(string)
	r.doc, ok[2] = v[3].(string)
	ms, err := strconv.ParseInt(updated, 10, 64)
	if err != nil || ok != [3]bool{true, true, true} {
		return record{}, fmt.Errorf("read %s: fields are missing: %w", typ, ErrCorrupt)
	}
	r.updated = millis(ms)
	r.active = v[4] == "1"
	r.size = len(r.doc)
	if replicas, ok := v[5].(string); ok {
		r.replicas = number(replicas)
	}
	if len(v) > 6 {
		if code, ok := v[6].(string); ok {
			r.code = &code
		}
	}
	return r, nil
}

// one reads one entity.
func (db *DB) one(ctx context.Context, name core.Name, typ core.Type, code bool) (record, error) {
	pipe := db.rdb.Pipeline()
	cmd := read(ctx, pipe, name, code)
	if err := run(ctx, pipe, "read "+string(typ)); err != nil {
		return record{}, err
	}
	return parse(cmd, typ)
}

// run executes a pipeline; answers that are nil are no failure.
func run(ctx context.Context, pipe redis.Pipeliner, doing string) error {
	if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
		return core.Unavailable(doing, err)
	}
	return nil
}

// write runs a script that writes an entity, and returns the time of the
// write by Redis' clock.
func (db *DB) write(ctx context.Context, script *redis.Script, doing string, keys []string, args ...any) (time.Time, error) {
	answer, err := script.Run(ctx, db.rdb, keys, args...).Int64()
	if err != nil {
		return time.Time{}, core.Unavailable(doing, err)
	}
	if err := refusal(answer); err != nil {
		return time.Time{}, err
	}
	return millis(answer), nil
}

// millis returns the time of a script's answer.
func millis(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
