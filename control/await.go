package control

import (
	"context"
	"slices"
	"time"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

// Server is the name under which others tell this process of what its callers
// wait for.
func (p *Plane) Server() string { return p.opt.Server }

// Awaited is a wait for what one rule starts when an event is fired. Close
// must be called.
type Awaited struct {
	// Rule is the one that is waited for.
	Rule core.Name

	plane   *Plane
	ref     core.Ref
	replies <-chan store.Reply
	leave   func()
}

// AwaitRule begins to wait for the action of the trigger, as named by its one
// active rule, or for action where that is not zero, in the firing with the
// id. It comes before the event is written, whose Server is Plane.Server.
// KindNotFound when there is not exactly one such rule.
func (p *Plane) AwaitRule(ctx context.Context, who core.Subject, trigger, action core.Name, id core.ActivationID) (*Awaited, error) {
	t, err := p.Trigger(ctx, who, trigger)
	if err != nil {
		return nil, err
	}
	rules := slices.DeleteFunc(slices.Clone(t.Rules), func(r core.RuleLink) bool {
		return !r.Active || !action.IsZero() && r.Action != action
	})
	if len(rules) != 1 {
		return nil, core.Errorf(core.KindNotFound, "The trigger has %d active rules that could answer, and not one.", len(rules))
	}
	a := &Awaited{Rule: rules[0].Rule, plane: p, ref: core.Ref{Namespace: trigger.Namespace, ID: derive(id, rules[0].Rule.Full())}}
	a.replies, a.leave = p.waiters.add(a.ref.ID)
	return a, nil
}

// Close ends the wait.
func (a *Awaited) Close() { a.leave() }

// Wait blocks until the activation ends, at most for max or until ctx ends.
// Its State tells whether it came.
func (a *Awaited) Wait(ctx context.Context, max time.Duration) (*core.Activation, error) {
	if r, err := a.plane.db.Activation(ctx, a.ref); err == nil && r.State == core.StateDone {
		return &r.Activation, nil
	}
	return a.plane.wait(ctx, &core.Activation{Ref: a.ref}, a.replies, max)
}
