package store

import (
	"context"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
)

// Action reads an action; without code, Exec.Code is nil and the code stays
// in Redis. ErrNotFound, ErrOtherType, ErrCorrupt.
func (db *DB) Action(ctx context.Context, name core.Name, code bool) (*core.Action, error) {
	r, err := db.one(ctx, name, core.TypeAction, code)
	if err != nil {
		return nil, err
	}
	return db.action(name, r)
}

// PutAction writes the action as a whole, code and replicas included, and sets its
// Revision and Updated. expect is the revision that it replaces, "" to create
// it. Errors: ErrExists, ErrChanged (or ErrNotFound: deleted meanwhile),
// ErrOtherType, and for a packaged action ErrNoPackage and ErrBinding.
func (db *DB) PutAction(ctx context.Context, a *core.Action, expect string) error {
	var fields []any
	if a.Exec.Code != nil {
		fields = []any{"code", a.Exec.Code}
	}
	if a.Function != nil {
		fields = append(fields, fieldReplicas, a.Replicas)
	}
	return db.put(ctx, core.TypeAction, &a.Meta, expect, db.formAction(a), fields...)
}

// deleteActionScript deletes an action.
//
// KEYS: its hash, the index of actions, the index of functions, their
// invocations, its log, and the index of its package, if any.
// ARGV: expected revision, local name.
// Returns the milliseconds of the write, or a refusal.
var deleteActionScript = redis.NewScript(guard + `
local no = guard(KEYS[1], 'action', ARGV[1])
if no < 0 then return no end
redis.call('DEL', KEYS[1])
redis.call('ZREM', KEYS[2], ARGV[2])
redis.call('ZREM', KEYS[3], ARGV[2])
redis.call('HDEL', KEYS[4], ARGV[2])
redis.call('UNLINK', KEYS[5])
if KEYS[6] then redis.call('ZREM', KEYS[6], ARGV[2]) end
return now()
`)

// DeleteAction deletes the action if it still has the revision. ErrNotFound,
// ErrOtherType, ErrChanged.
func (db *DB) DeleteAction(ctx context.Context, name core.Name, revision string) error {
	ns, local := name.Namespace, name.Local()
	keys := []string{entityKey(ns, local), indexKey(ns, core.TypeAction), functionsKey(ns), invocationsKey(ns), functionLogKey(ns, local)}
	if name.Package != "" {
		keys = append(keys, packageKey(ns, name.Package))
	}
	_, err := db.write(ctx, deleteActionScript, "delete action", keys, revision, local)
	return err
}

// Actions lists actions of the namespace, of one package where pkg is not
// empty, latest first, without code. limit 0 means all.
func (db *DB) Actions(ctx context.Context, namespace, pkg string, skip, limit int) ([]core.Action, error) {
	index := indexKey(namespace, core.TypeAction)
	if pkg != "" {
		index = packageKey(namespace, pkg)
	}
	return list(ctx, db, namespace, index, core.TypeAction, skip, limit, db.decodeAction)
}

// Lookup is an action with its package, each with the error of its own read:
// ErrNotFound, ErrOtherType or ErrCorrupt. Of an action outside packages
// Package and PackageErr are nil.
type Lookup struct {
	Action     *core.Action
	ActionErr  error
	Package    *core.Package
	PackageErr error
}

// Lookup reads an action and its package in one round trip. It is on the path
// of every call: what did not change since is not decoded again. The Params,
// Annotations and Components of the answer are shared: do not change them.
func (db *DB) Lookup(ctx context.Context, name core.Name, code bool) (Lookup, error) {
	pipe := db.rdb.Pipeline()
	sought := seek(ctx, pipe, name, code)
	if err := run(ctx, pipe, "read action"); err != nil {
		return Lookup{}, err
	}
	return db.found(sought), nil
}

// sought are the reads of a Lookup.
type sought struct {
	name        core.Name
	action, pkg *redis.SliceCmd // pkg is nil outside packages
}

func (s sought) pkgName() core.Name {
	return core.Name{Namespace: s.name.Namespace, Name: s.name.Package}
}

// seek queues the reads of a Lookup on the pipeline.
func seek(ctx context.Context, pipe redis.Pipeliner, name core.Name, code bool) sought {
	s := sought{name: name, action: read(ctx, pipe, name, code)}
	if name.Package != "" {
		s.pkg = read(ctx, pipe, s.pkgName(), false)
	}
	return s
}

// found is the answer to the reads.
func (db *DB) found(s sought) Lookup {
	var l Lookup
	var r record
	if r, l.ActionErr = parse(s.action, core.TypeAction); l.ActionErr == nil {
		l.Action, l.ActionErr = db.action(s.name, r)
	}
	if s.pkg != nil {
		if r, l.PackageErr = parse(s.pkg, core.TypePackage); l.PackageErr == nil {
			l.Package, l.PackageErr = db.pkg(s.pkgName(), r)
		}
	}
	return l
}

// action decodes a record, or finds it decoded.
func (db *DB) action(name core.Name, r record) (*core.Action, error) {
	code := r.code
	r.code = nil
	a, err := remember(db.decoded, name, r, db.decodeAction)
	if err != nil {
		return nil, err
	}
	own := *a
	own.Replicas = r.replicas
	if code != nil {
		own.Exec.Code = []byte(*code)
	}
	return &own, nil
}
