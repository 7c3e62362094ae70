package main

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/hearth-faas/hearth/triggers"
	"github.com/hearth-faas/hearth/triggers/cron"
	"github.com/hearth-faas/hearth/triggers/stream"
)

// triggers is the stage that turns events into activations, and the clock and
// other people's streams into events. What is left of them when it ends is in
// Redis.
func (x *parts) triggers() stage {
	var streams *stream.Runner
	start := func(context.Context) error {
		streams = stream.New(x.plane, x.db, x.log, stream.Options{Name: x.name, Foreign: x.streams})
		return x.metrics.Register(newLags(streams))
	}
	return stage{name: "triggers", start: start, run: func(ctx context.Context) error {
		var all errgroup.Group
		all.Go(func() error { return streams.Run(ctx) })
		all.Go(func() error { return cron.New(x.plane, x.db, x.log).Run(ctx) })
		all.Go(func() error {
			return triggers.New(x.plane, x.db, x.log, triggers.Options{Name: x.name}).Run(ctx)
		})
		return all.Wait()
	}}
}
