package main

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/triggers/cron"
	"github.com/hearth-faas/hearth/triggers/stream"
	"github.com/hearth-faas/hearth/triggers/webhook"
	"github.com/hearth-faas/hearth/userevents"
)

// control is the stage of the control plane, and of the user events that it
// reports.
func (x *parts) control(s planeSettings) stage {
	var reporter *userevents.Reporter
	return stage{
		name: "control plane",
		start: func(context.Context) error {
			opt, err := x.planeOptions(s)
			if err != nil {
				return err
			}
			if s.UserEvents != "off" {
				reporter, err = userevents.New(x.db, x.log, x.metrics, userevents.Options{Source: x.name, Stream: s.UserEvents == "stream"})
				if err != nil {
					return err
				}
				opt.Observer = reporter.Observer()
			}
			x.plane = control.New(x.db, x.tasks, x.log, opt)
			return errors.Join(x.metrics.Register(newCounts(x.db, x.log)), x.metrics.Register(newDeliveryMetrics(x.db, x.log)))
		},
		run: func(ctx context.Context) error {
			if reporter == nil {
				return x.plane.Run(ctx)
			}
			group, ctx := errgroup.WithContext(ctx)
			group.Go(func() error { return reporter.Run(ctx) })
			group.Go(func() error { return x.plane.Run(ctx) })
			return group.Wait()
		},
	}
}

func (x *parts) planeOptions(s planeSettings) (control.Options, error) {
	allow, err := s.streams()
	if err != nil {
		return control.Options{}, err
	}
	if s.MaxAge <= 0 || s.MaxAge > control.MaxDelay {
		return control.Options{}, usagef("--max-age %s is not more than 0 and at most %s", s.MaxAge, control.MaxDelay)
	}
	x.streams = allow
	clock := cron.NewSource(x.db)
	opt := control.Options{
		Range:    s.limits(),
		Rates:    s.rates(),
		Server:   x.name,
		MaxAge:   s.MaxAge,
		Store:    control.StoreLevels{Blocking: control.StoreLevel(s.StoreBlocking), NonBlocking: control.StoreLevel(s.StoreNonBlocking)},
		Sources:  []control.TriggerSource{clock, webhook.NewSource(x.db), stream.NewSource(x.db, allow)},
		Deployed: clock.Deployed,
	}
	if x.policy != nil {
		opt.CallbackURL = x.policy.Check
	}
	return opt, nil
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
