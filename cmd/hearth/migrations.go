package main

import (
	"context"

	"github.com/hearth-faas/hearth/migrations"
)

// migrations is the stage that brings the stored data to the form of this
// version. Of several processes that start at once, one does it.
func (x *parts) migrations() stage {
	return stage{name: "migrations", start: func(ctx context.Context) error {
		return migrations.Run(ctx, x.redis)
	}}
}
