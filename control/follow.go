package control

import (
	"context"

	"github.com/hearth-faas/hearth/core"
)

// Follow invokes or fires the entity of a destination with the payload, by
// the rights of the namespace that owns the delivery. The activation's id is
// derived, so that a repeat is harmless. KindUnprocessable for one that is too
// deep, KindNotFound and KindForbidden as for any invocation.
func (p *Plane) Follow(ctx context.Context, d *core.Delivery, payload core.JSON) error {
	c, depth := d.Callback, d.Activation.Depth+1
	if depth > core.MaxDepth {
		return core.Errorf(core.KindUnprocessable,
			"More than %d activations would follow from each other through destinations; this is where they end.", core.MaxDepth)
	}
	who, err := p.Owner(ctx, c.Owner)
	if err != nil {
		return err
	}
	id := derive(d.Activation.ID, "on-"+string(c.On))
	target, err := p.Resolve(ctx, who, c.Entity)
	if core.KindOf(err) == core.KindConflict && c.Entity.Package == "" {
		return p.followTrigger(ctx, who, Firing{
			Trigger: c.Entity, Payload: payload, TransactionID: d.ID, ID: id, Depth: depth,
		})
	}
	if err != nil {
		return err
	}
	if err := p.Admit(ctx, who, RateInvoke); err != nil {
		return err
	}
	_, err = p.Invoke(ctx, Call{
		Subject: who, Target: target, Payload: payload, TransactionID: d.ID, ID: id, Depth: depth,
	})
	return err
}

func (p *Plane) followTrigger(ctx context.Context, who core.Subject, f Firing) error {
	if err := p.Admit(ctx, who, RateFire); err != nil {
		return err
	}
	_, err := p.Fire(ctx, who, f)
	return err
}
