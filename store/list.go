package store

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
)

// list reads the entities that an index names, latest write first: one round
// trip for the names, one for the documents, both as long as the page. limit
// 0 means all.
func list[T any](
	ctx context.Context, db *DB, namespace, index string, typ core.Type, skip, limit int,
	decode func(core.Name, record) (*T, error),
) ([]T, error) {
	end := int64(-1)
	if limit > 0 {
		end = int64(skip + limit - 1)
	}
	locals, err := db.rdb.ZRevRange(ctx, index, int64(skip), end).Result()
	if err != nil {
		return nil, core.Unavailable("list "+string(typ)+"s", err)
	}
	pipe := db.rdb.Pipeline()
	names := make([]core.Name, len(locals))
	cmds := make([]*redis.SliceCmd, len(locals))
	for i, local := range locals {
		names[i] = core.ParseLocal(namespace, local)
		cmds[i] = read(ctx, pipe, names[i], false)
	}
	if len(cmds) > 0 {
		if err := run(ctx, pipe, "list "+string(typ)+"s"); err != nil {
			return nil, err
		}
	}
	entities := make([]T, 0, len(cmds))
	for i, cmd := range cmds {
		r, err := parse(cmd, typ)
		if errors.Is(err, ErrNotFound) || errors.Is(err, ErrOtherType) {
			continue // deleted since the index was read
		}
		if err != nil {
			return nil, err
		}
		entity, err := decode(names[i], r)
		if err != nil {
			return nil, err
		}
		entities = append(entities, *entity)
	}
	return entities, nil
}

// Count counts the entities of a type, or the actions of a package where pkg
// is not empty.
func (db *DB) Count(ctx context.Context, namespace string, typ core.Type, pkg string) (int, error) {
	index := indexKey(namespace, typ)
	if pkg != "" {
		index = packageKey(namespace, pkg)
	}
	n, err := db.rdb.ZCard(ctx, index).Result()
	if err != nil {
		return 0, core.Unavailable("count "+string(typ)+"s", err)
	}
	return int(n), nil
}
