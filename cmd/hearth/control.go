package main

import (
	"context"

	"github.com/hearth-faas/hearth/control"
)

// control is the stage of the control plane.
func (x *parts) control(s planeSettings) stage {
	return stage{
		name: "control plane",
		start: func(context.Context) error {
			x.plane = control.New(x.db, x.tasks, x.log, control.Options{
				Range:  s.limits(),
				Rates:  s.rates(),
				Server: x.name,
			})
			return x.metrics.Register(newCounts(x.db, x.log))
		},
		run: func(ctx context.Context) error { return x.plane.Run(ctx) },
	}
}

// reconciler is the stage that ends or gives back what lost workers held. Of
// all processes that have it, one does the work.
func (x *parts) reconciler() stage {
	return stage{name: "reconciler", run: func(ctx context.Context) error {
		return x.plane.Reconciler(x.name).Run(ctx)
	}}
}
