package docker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hearth-faas/hearth/worker/engine"
)

const (
	// retryHolder is the wait after a failure to make a sandbox.
	retryHolder = 5 * time.Second
	// dropHolders bounds the removal of unused sandboxes at the end.
	dropHolders = 20 * time.Second
)

// Run watches the daemon and keeps sandboxes ready until ctx is over; it then
// removes those that are left. Without it an open breaker closes through Ping
// only, and no sandboxes are made.
func (d *Docker) Run(ctx context.Context) error {
	var loops sync.WaitGroup
	loops.Go(func() { d.watch(ctx) })
	if d.holders.program != nil {
		loops.Go(func() { d.keepHolders(ctx) })
	}
	loops.Wait()
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), dropHolders)
	defer cancel()
	var errs []error
	for {
		box, ok := d.holders.take()
		if !ok {
			return errors.Join(errs...)
		}
		if err := d.kill(limited, box.id); err != nil {
			errs = append(errs, fmt.Errorf("remove unused sandbox: %w", err))
		}
	}
}

// Close waits for what still goes on for callers that have given up, and drops
// the connections to the daemon. Call it when Run and all calls have returned.
func (d *Docker) Close() error {
	d.background.Wait()
	if err := d.client.Close(); err != nil {
		return fmt.Errorf("close docker client: %w", err)
	}
	return nil
}

// keepHolders makes one sandbox after the other, and waits with the last one
// in hand until there is a place for it.
func (d *Docker) keepHolders(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		box, err := d.makeHolder(ctx)
		if err != nil && ctx.Err() == nil && !errors.Is(err, engine.ErrUnavailable) { // the watch tells of that
			d.log.WarnContext(ctx, "no ready sandbox: starts are slower", "err", err)
		}
		if err != nil {
			timer.Reset(retryHolder)
			select {
			case <-ctx.Done():
				return
			case <-timer.C:
			}
			continue
		}
		select {
		case d.holders.ready <- box:
		case <-ctx.Done():
			d.dropUnwanted(context.WithoutCancel(ctx), box.id)
			return
		}
	}
}
