package main

import (
	"context"
	"crypto/rand"

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
				Server: hostname() + "." + rand.Text()[:12],
			})
			return nil
		},
	}
}
