package main

import (
	"context"
	"errors"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/triggers/cron"
	"github.com/hearth-faas/hearth/triggers/stream"
	"github.com/hearth-faas/hearth/triggers/webhook"
)

// control is the stage of the control plane.
func (x *parts) control(s planeSettings) stage {
	return stage{
		name: "control plane",
		start: func(context.Context) error {
			allow, err := s.streams()
			if err != nil {
				return err
			}
			x.streams = allow
			opt := control.Options{
				Range:   s.limits(),
				Rates:   s.rates(),
				Server:  x.name,
				Sources: []control.TriggerSource{cron.NewSource(x.db), webhook.NewSource(x.db), stream.NewSource(x.db, allow)},
			}
			if x.policy != nil {
				opt.CallbackURL = x.policy.Check
			}
			x.plane = control.New(x.db, x.tasks, x.log, opt)
			return errors.Join(x.metrics.Register(newCounts(x.db, x.log)), x.metrics.Register(newDeliveryMetrics(x.db, x.log)))
		},
		run: func(ctx context.Context) error { return x.plane.Run(ctx) },
	}
}

// reconciler is the stage that ends, or queues once more, what lost workers
// held. It is in every process that has a worker; the one with the lease works.
func (x *parts) reconciler() stage {
	return stage{
		name: "reconciler",
		run:  func(ctx context.Context) error { return x.plane.Reconciler(x.name).Run(ctx) },
	}
}

// autoscaler is the stage that scales functions by their load. It is in every
// process that has a worker; the one with the lease works.
func (x *parts) autoscaler() stage {
	return stage{
		name: "autoscaler",
		run: func(ctx context.Context) error {
			return x.plane.Autoscaler(x.name, control.AutoscaleOptions{}).Run(ctx)
		},
	}
}
