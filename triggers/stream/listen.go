package stream

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
	"github.com/hearth-faas/hearth/store/foreign"
)

// leaseLife is how long a channel is one process' to listen to.
const leaseLife = 10 * time.Second

// message is what an event of a channel fires its trigger with.
type message struct {
	Channel string `json:"channel"`
	Message string `json:"message"`
}

// listen makes an event of each message, in one process at a time. What is
// published while nobody listens is lost, as is what comes too fast.
func (c *consumer) listen(ctx context.Context, rdb *foreign.Redis) error {
	for {
		mine, err := c.lease(ctx)
		if err != nil {
			return err
		}
		if mine {
			break
		}
		pause(ctx, leaseLife/4)
		if ctx.Err() != nil {
			return nil
		}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	var holding sync.WaitGroup
	defer holding.Wait()
	defer cancel(nil) // before the wait: the last to be deferred runs first
	holding.Go(func() { c.hold(ctx, cancel) })
	err := rdb.Listen(ctx, c.rules.Channel, func(text string) { c.publish(ctx, text) })
	return errors.Join(context.Cause(ctx), err)
}

func (c *consumer) lease(ctx context.Context) (bool, error) {
	return c.runner.db.Lease(ctx, "channel:"+c.trigger.Full(), c.runner.opt.Name, leaseLife)
}

// errLease says that another process listens now.
var errLease = errors.New("another process listens") //nolint:gochecknoglobals // compared

// hold renews the lease until ctx ends, and ends the listening when it cannot.
func (c *consumer) hold(ctx context.Context, cancel context.CancelCauseFunc) {
	for pause(ctx, leaseLife/4); ctx.Err() == nil; pause(ctx, leaseLife/4) {
		mine, err := c.lease(ctx)
		if err != nil || !mine {
			cancel(errors.Join(errLease, err))
			return
		}
	}
}

// publish makes an event of a message, or drops it.
func (c *consumer) publish(ctx context.Context, text string) {
	err := func() error {
		who, err := c.runner.plane.Owner(ctx, c.trigger.Namespace)
		if err != nil {
			return err
		}
		if err := c.runner.plane.Admit(ctx, who, control.RateFire); err != nil {
			return err
		}
		body, err := json.Marshal(message{Channel: c.rules.Channel, Message: text})
		if err != nil {
			return err
		}
		return c.runner.db.AppendEvent(ctx, store.Event{
			Trigger: c.trigger, ID: core.NewActivationID(), Payload: body, Source: "stream", Admitted: true,
		})
	}()
	if err != nil {
		c.log.Warn("message dropped", "err", err)
	}
}
