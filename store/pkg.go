package store

import (
	"context"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
)

// Package reads a package or binding. ErrNotFound, ErrOtherType, ErrCorrupt.
func (db *DB) Package(ctx context.Context, name core.Name) (*core.Package, error) {
	r, err := db.one(ctx, name, core.TypePackage, false)
	if err != nil {
		return nil, err
	}
	return db.pkg(name, r)
}

// PutPackage writes the package and sets its Revision and Updated. expect is
// the revision that it replaces, "" to create it. ErrExists, ErrChanged (or
// ErrNotFound: deleted meanwhile), ErrOtherType.
func (db *DB) PutPackage(ctx context.Context, p *core.Package, expect string) error {
	var bound []any
	if !p.Binding.IsZero() {
		bound = []any{"bound", "1"}
	}
	return db.put(ctx, core.TypePackage, &p.Meta, expect, db.formPackage(p), bound...)
}

// deletePackageScript deletes a package, and with force all of its actions.
//
// KEYS: its hash, the index of packages, the index of its actions, the index
// of all actions.
// ARGV: expected revision, name, prefix of the hashes of entities, "1" to
// force.
// Returns how many actions keep it from being deleted, or a refusal.
var deletePackageScript = redis.NewScript(guard + `
local no = guard(KEYS[1], 'package', ARGV[1])
if no < 0 then return no end
local actions = redis.call('ZRANGE', KEYS[3], 0, -1)
if #actions > 0 and ARGV[4] ~= '1' then return #actions end
for _, name in ipairs(actions) do
	redis.call('DEL', ARGV[3] .. name)
	redis.call('ZREM', KEYS[4], name)
end
redis.call('DEL', KEYS[3], KEYS[1])
redis.call('ZREM', KEYS[2], ARGV[2])
return 0
`)

// DeletePackage deletes the package if it still has the revision, together
// with its actions when force is set. It returns the number of actions that
// it found without force; then nothing was deleted. ErrNotFound,
// ErrOtherType, ErrChanged.
func (db *DB) DeletePackage(ctx context.Context, name core.Name, revision string, force bool) (actions int, err error) {
	ns := name.Namespace
	keys := []string{
		entityKey(ns, name.Name), indexKey(ns, core.TypePackage), packageKey(ns, name.Name), indexKey(ns, core.TypeAction),
	}
	n, err := deletePackageScript.Run(ctx, db.rdb, keys, revision, name.Name, entityPrefix(ns), force).Int64()
	if err != nil {
		return 0, core.Unavailable("delete package", err)
	}
	return int(max(n, 0)), refusal(n)
}

// Packages lists packages, latest first. limit 0 means all.
func (db *DB) Packages(ctx context.Context, namespace string, skip, limit int) ([]core.Package, error) {
	return list(ctx, db, namespace, indexKey(namespace, core.TypePackage), core.TypePackage, skip, limit, db.decodePackage)
}

// pkg decodes a record, or finds it decoded.
func (db *DB) pkg(name core.Name, r record) (*core.Package, error) {
	p, err := remember(db.decoded, name, r, db.decodePackage)
	if err != nil {
		return nil, err
	}
	own := *p
	return &own, nil
}
