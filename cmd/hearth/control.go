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
