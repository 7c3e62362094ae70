package store

import (
	"context"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
)

// putScript writes an action, package or trigger as a whole.
//
// KEYS: its hash, the index of its type; for a packaged action also the index
// and the hash of the package.
// ARGV: type, expected revision or "", new revision, local name, then the
// other fields and their values.
// Returns the milliseconds of the write, or a refusal.
var putScript = redis.NewScript(guard + `
local no = guard(KEYS[1], ARGV[1], ARGV[2])
if no < 0 then return no end
if KEYS[4] then
	local pkg = redis.call('HMGET', KEYS[4], 'type', 'bound')
	if not pkg[1] then return -5 end
	if pkg[1] ~= 'package' then return -2 end
	if pkg[2] then return -6 end
end
local ms = now()
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'type', ARGV[1], 'revision', ARGV[3], 'updated', string.format('%d', ms), unpack(ARGV, 5))
redis.call('ZADD', KEYS[2], ms, ARGV[4])
if KEYS[3] then redis.call('ZADD', KEYS[3], ms, ARGV[4]) end
return ms
`)

// put writes an entity and puts its new revision and time into meta.
func (db *DB) put(ctx context.Context, typ core.Type, meta *core.Meta, expect string, form any, fields ...any) error {
	doc, err := encode(form)
	if err != nil {
		return err
	}
	ns, local := meta.Name.Namespace, meta.Name.Local()
	keys := []string{entityKey(ns, local), indexKey(ns, typ)}
	if pkg := meta.Name.Package; pkg != "" {
		keys = append(keys, packageKey(ns, pkg), entityKey(ns, pkg))
	}
	revision := newRevision()
	args := append([]any{string(typ), expect, revision, local, "doc", doc}, fields...)
	updated, err := db.write(ctx, putScript, "write "+string(typ), keys, args...)
	if err != nil {
		return err
	}
	meta.Revision, meta.Updated = revision, updated
	return nil
}
