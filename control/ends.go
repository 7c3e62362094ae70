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
	e := Ends{Ended: true}
	dispatched := false
	for _, rule := range t.Rules {
		if !rule.Active {
			continue
		}
		r, err := p.db.Activation(ctx, core.Ref{Namespace: trigger.Namespace, ID: derive(id, rule.Rule.Full())})
		switch {
		case errors.Is(err, store.ErrNotFound):
			e.Missed = true
			continue
		case err != nil:
			return Ends{}, err
		case r.State != core.StateDone:
			e.Ended = false
		default:
			e.Activations = append(e.Activations, &r.Activation)
		}
		dispatched = true
	}
	if !e.Ended {
		return Ends{}, nil
	}
	if !dispatched { // or no rule could start anything, which the trigger's record would say
		_, err := p.db.Activation(ctx, core.Ref{Namespace: trigger.Namespace, ID: id})
		if errors.Is(err, store.ErrNotFound) {
			return Ends{}, nil
		}
		if err != nil {
			return Ends{}, err
		}
	}
	return e, nil
}
