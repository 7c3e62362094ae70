package triggers

import (
	"context"
	"fmt"
	"slices"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

// handle brings one delivery to an end. What fails for now is left as it is:
// nobody settles it, so that it is delivered again.
func (d *Dispatcher) handle(ctx context.Context, event store.Delivery) {
	log := d.log.With("namespace", event.Trigger.Namespace, "trigger", event.Trigger.Name, "activation", event.ID)
	err := d.fire(ctx, event)
	switch {
	case err == nil:
		err = d.db.SettleEvent(ctx, event)
	case core.KindOf(err) == core.KindNotFound: // the trigger was deleted
		log.Info("event dropped, its trigger is gone")
		err = d.db.SettleEvent(ctx, event)
	case !passing(err) || event.Deliveries >= int64(d.opt.Deliveries):
		log.Error("event given up", "err", err)
		err = d.db.BuryEvent(ctx, event, err.Error())
	default:
		log.Warn("event not dispatched yet", "deliveries", event.Deliveries, "err", err)
		return
	}
	if err != nil {
		log.Warn("event not settled", "err", err)
	}
}

// passing says whether the same event may succeed later.
func passing(err error) bool {
	switch core.KindOf(err) {
	case core.KindUnavailable, core.KindThrottled, core.KindInternal, core.KindConflict:
		return true
	}
	return false
}

func (d *Dispatcher) fire(ctx context.Context, event store.Delivery) error {
	if event.Broken() {
		return core.Errorf(core.KindInvalid, "The event cannot be read.")
	}
	who, err := d.plane.Owner(ctx, event.Trigger.Namespace)
	if err != nil {
		return fmt.Errorf("find owner of event: %w", err)
	}
	if event.Function {
		return d.call(ctx, who, event)
	}
	if event.After != "" {
		settled, err := d.plane.Settled(ctx, who, event.Trigger, event.After)
		if err != nil {
			return fmt.Errorf("look at the event before: %w", err)
		}
		if !settled {
			d.log.Info("event dropped, the one before still runs", "namespace", event.Trigger.Namespace, "trigger", event.Trigger.Name)
			return nil
		}
	}
	if !event.Admitted {
		if err := d.plane.Admit(ctx, who, control.RateFire); err != nil {
			return err
		}
	}
	_, err = d.plane.Fire(ctx, who, control.Firing{
		Trigger: event.Trigger, Context: contextOf(event), Payload: event.Payload, ID: event.ID,
		TransactionID: string(event.ID), Server: event.Server, Whole: event.Admitted,
	})
	if err != nil || event.Then == "" {
		return err
	}
	return d.retire(ctx, who, event)
}

// contextOf is how actions find the headers of an event: under the name that
// they know from triggers which a client fires.
func contextOf(event store.Delivery) core.JSON {
	if len(event.Headers) == 0 {
		return nil
	}
	return slices.Concat(core.JSON(`{"__ow_headers":`), event.Headers, core.JSON("}"))
}

// retire deletes a trigger that has fired for the last time. The rules go
// first: they are found through the trigger.
func (d *Dispatcher) retire(ctx context.Context, who core.Subject, event store.Delivery) error {
	t, err := d.plane.Trigger(ctx, who, event.Trigger)
	if err != nil {
		return fmt.Errorf("find trigger that is over: %w", err)
	}
	if event.Then == store.ThenDeleteRules {
		for _, rule := range t.Rules {
			if _, err := d.plane.DeleteRule(ctx, who, rule.Rule); err != nil && core.KindOf(err) != core.KindNotFound {
				return fmt.Errorf("delete rule of trigger that is over: %w", err)
			}
		}
	}
	_, err = d.plane.DeleteTrigger(ctx, who, event.Trigger)
	return err
}
