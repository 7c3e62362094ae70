package store

import (
	"context"
	"strings"

	"github.com/hearth-faas/hearth/core"
)

// AddStanding notes that containers of the action may have to be kept ready
// before anybody calls it. The action itself says whether and how many: a name
// too much is harmless.
func (db *DB) AddStanding(ctx context.Context, name core.Name) error {
	if err := db.rdb.SAdd(ctx, standingKey, name.Namespace+"/"+name.Local()).Err(); err != nil {
		return unavailable(ctx, "add standing action", err)
	}
	return nil
}

// RemoveStanding undoes AddStanding.
func (db *DB) RemoveStanding(ctx context.Context, name core.Name) error {
	if err := db.rdb.SRem(ctx, standingKey, name.Namespace+"/"+name.Local()).Err(); err != nil {
		return unavailable(ctx, "remove standing action", err)
	}
	return nil
}

// Standing returns the names that were added, in no order.
func (db *DB) Standing(ctx context.Context) ([]core.Name, error) {
	all, err := db.rdb.SMembers(ctx, standingKey).Result()
	if err != nil {
		return nil, unavailable(ctx, "read standing actions", err)
	}
	names := make([]core.Name, 0, len(all))
	for _, text := range all {
		if namespace, local, ok := strings.Cut(text, "/"); ok {
			names = append(names, core.ParseLocal(namespace, local))
		}
	}
	return names, nil
}
