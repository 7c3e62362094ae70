package store

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
)

// CatalogueVersion returns the version of the catalogue that was installed
// last, 0 for none.
func (db *DB) CatalogueVersion(ctx context.Context) (int, error) {
	n, err := db.rdb.Get(ctx, catalogueKey).Int()
	switch {
	case errors.Is(err, redis.Nil):
		return 0, nil
	case err != nil:
		return 0, core.Unavailable("read the version of the catalogue", err)
	}
	return n, nil
}

// SetCatalogueVersion says which version has been installed.
func (db *DB) SetCatalogueVersion(ctx context.Context, version int) error {
	if err := db.rdb.Set(ctx, catalogueKey, version, 0).Err(); err != nil {
		return core.Unavailable("write the version of the catalogue", err)
	}
	return nil
}
