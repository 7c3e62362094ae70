package main

import (
	"context"

	"github.com/hearth-faas/hearth/triggers"
)

// triggers is the stage that turns events into activations.
func (x *parts) triggers() stage {
	return stage{name: "triggers", run: func(ctx context.Context) error {
		return triggers.New(x.plane, x.db, x.log, triggers.Options{Name: x.name}).Run(ctx)
	}}
}
