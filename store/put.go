package store

import (
	"context"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
)

// putScript writes an action, package or trigger as a whole.
//
// KEYS: its hash, the index of its type, the index of functions; for a
// packaged action also the index and the hash of the package.
// ARGV: type, expected revision or "", new revision, local name, "1" for a
// function, then the other fields and their values.
// Returns the milliseconds of the write, or a refusal.
var putScript = redis.NewScript(guard + `
local no = guard(KEYS[1], ARGV[1], ARGV[2])
if no < 0 then return no end
if KEYS[5] then
	local pkg = redis.call('HMGET', KEYS[5], 'type', 'bound')
	if not pkg[1] then return -5 end
	if pkg[1] ~= 'package' then return -2 end
	if pkg[2] then return -6 end
end
local ms = now()
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'type', ARGV[1], 'revision', ARGV[3], 'updated', string.format('%d', ms), unpack(ARGV, 6))
redis.call('ZADD', KEYS[2], ms, ARGV[4])
if ARGV[5] == '1' then
	redis.call('ZADD', KEYS[3], ms, ARGV[4])
elseif ARGV[1] == 'action' then
	redis.call('ZREM', KEYS[3], ARGV[4])
end
if KEYS[4] then redis.call('ZADD', KEYS[4], ms, ARGV[4]) end
return ms
`)

// put writes an entity and puts its new revision and time into meta.
func (db *DB) put(ctx context.Context, typ core.Type, meta *core.Meta, expect string, form any, fields ...any) error {
	doc, err := encode(form)
	if err != nil {
		return err
	}
	ns, local := meta.Name.Namespace, meta.Name.Local()
	keys := []string{entityKey(ns, local), indexKey(ns, typ), functionsKey(ns)}
	if pkg := meta.Name.Package; pkg != "" {
		keys = append(keys, packageKey(ns, pkg), entityKey(ns, pkg))
	}
	revision := newRevision()
	action, _ := form.(actionForm)
	function := action.Function != nil
	args := append([]any{string(typ), expect, revision, local, function, "doc", doc}, fields...)
	updated, err := db.write(ctx, putScript, "write "+string(typ), keys, args...)
	if err != nil {
		return err
	}
	meta.Revision, meta.Updated = revision, updated
	return nil
}
