package control

import (
	"context"
	"errors"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

// Ends is how far the firing of a trigger has come.
type Ends struct {
	// Ended says that all that its rules started has.
	Ended bool
	// Missed says that a rule started nothing.
	Missed bool
	// Activations are those of the rules, which have ended.
	Activations []*core.Activation
}

// Ends looks at the firing of the trigger under the id, through the rules that
// are active now. One without any has ended.
func (p *Plane) Ends(ctx context.Context, who core.Subject, trigger core.Name, id core.ActivationID) (Ends, error) {
	t, err := p.Trigger(ctx, who, trigger)
	if err != nil {
		return Ends{}, err
	}
	if !anyActive(t.Rules) {
		return Ends{Ended: true}, nil
	}
	// The record is written after what the rules start. Where none is kept, what
	// one rule started says that the others had their turn, too.
	_, err = p.db.Activation(ctx, core.Ref{Namespace: trigger.Namespace, ID: id})
	dispatched := err == nil
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return Ends{}, err
	}
	if !dispatched {
		if _, dispatched, err = p.endsOf(ctx, t, id); err != nil || !dispatched {
			return Ends{}, err
		}
	}
	e, _, err := p.endsOf(ctx, t, id)
	return e, err
}

// endsOf looks at what the active rules started, if anything was.
func (p *Plane) endsOf(ctx context.Context, t *core.Trigger, id core.ActivationID) (e Ends, started bool, err error) {
	e.Ended = true
	for _, rule := range t.Rules {
		if !rule.Active {
			continue
		}
		r, err := p.db.Activation(ctx, core.Ref{Namespace: t.Name.Namespace, ID: derive(id, rule.Rule.Full())})
		switch {
		case errors.Is(err, store.ErrNotFound):
			e.Missed = true
			continue
		case err != nil:
			return Ends{}, false, err
		case r.State != core.StateDone:
			return Ends{}, true, nil
		}
		started = true
		e.Activations = append(e.Activations, &r.Activation)
	}
	return e, started, nil
}
