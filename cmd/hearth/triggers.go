package main

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/hearth-faas/hearth/triggers"
	"github.com/hearth-faas/hearth/triggers/cron"
)

// triggers is the stage that turns events into activations, and the clock
// into events. What is left of them when it ends is in Redis.
func (x *parts) triggers() stage {
	return stage{name: "triggers", run: func(ctx context.Context) error {
		var all errgroup.Group
		all.Go(func() error { return cron.New(x.plane, x.db, x.log).Run(ctx) })
		all.Go(func() error {
			return triggers.New(x.plane, x.db, x.log, triggers.Options{Name: x.name}).Run(ctx)
		})
		return all.Wait()
	}}
}
