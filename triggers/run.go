package triggers

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/hearth-faas/hearth/store"
)

const (
	batch   = 64               // events read at once
	abreast = 16               // of them dispatched at once
	listen  = 3 * time.Second  // longest wait for events, and so for the end of Run
	rest    = time.Second      // after an error, which is most likely Redis'
	limit   = 10 * time.Second // for one firing
)

// Run dispatches events until ctx ends and what it had in hand is done, and
// returns nil. It outlives outages of Redis.
func (d *Dispatcher) Run(ctx context.Context) error {
	var all errgroup.Group
	for shard := range store.EventShards {
		all.Go(func() error { d.shard(ctx, shard); return nil })
	}
	return all.Wait()
}

// shard dispatches the events of one shard.
func (d *Dispatcher) shard(ctx context.Context, shard int) {
	down := false
	open := false        // the stream is there; it is made anew when Redis was emptied
	taken := time.Time{} // when the leftovers of others were last looked for
	for ctx.Err() == nil {
		var err error
		if !open {
			err = d.db.OpenEvents(ctx)
		}
		if err == nil {
			err = d.turn(ctx, shard, &taken)
		}
		open = err == nil
		switch {
		case err == nil:
			down = false
			continue
		case ctx.Err() == nil && !down:
			down = true
			d.log.Warn("events are not read", "err", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(rest):
		}
	}
}

// turn dispatches what there is, or waits a little for it.
func (d *Dispatcher) turn(ctx context.Context, shard int, taken *time.Time) error {
	if time.Since(*taken) >= d.opt.Retry/4 {
		list, err := d.db.TakeOverEvents(ctx, shard, d.opt.Name, d.opt.Retry, batch)
		if err != nil {
			return err
		}
		d.dispatch(ctx, list)
		if len(list) < batch { // otherwise there may be more
			*taken = time.Now()
		}
	}
	list, err := d.db.NextEvents(ctx, shard, d.opt.Name, batch, min(listen, d.opt.Retry/4))
	if err != nil {
		return err
	}
	d.dispatch(ctx, list)
	return nil
}

// dispatch returns when all events are settled, buried, or left for later.
// The end of ctx does not interrupt it.
func (d *Dispatcher) dispatch(ctx context.Context, list []store.Delivery) {
	var all errgroup.Group
	all.SetLimit(abreast)
	for _, event := range list {
		all.Go(func() error {
			late, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
			defer cancel()
			d.handle(late, event)
			return nil
		})
	}
	_ = all.Wait() // nobody returns an error
}
