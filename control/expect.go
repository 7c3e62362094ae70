package control

import (
	"context"
	"time"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

// slack is how much later than expected a call may come and still find its
// container ready.
const slack = 10 * time.Second

// Expect says that a trigger will fire at about that time: workers make the
// actions of its active rules ready. Nothing depends on it but how long the
// calls take then, so a trigger that is gone is no error.
func (p *Plane) Expect(ctx context.Context, trigger core.Name, at time.Time) error {
	t, err := p.db.Trigger(ctx, trigger)
	if k := core.KindOf(err); k == core.KindNotFound || k == core.KindConflict {
		return nil
	} else if err != nil {
		return err
	}
	var calls []store.Expectation
	for _, rule := range t.Rules {
		if rule.Active {
			calls = append(calls, store.Expectation{Namespace: trigger.Namespace, Action: rule.Action})
		}
	}
	return p.db.Expect(ctx, at.Add(slack), calls...)
}

// expected adds to what a worker has to keep ready one container for each call
// that is known to come and would be placed with it.
func (p *Plane) expected(ctx context.Context, worker string, list []Standing) ([]Standing, error) {
	calls, err := p.db.Expected(ctx, time.Now())
	if err != nil {
		return nil, err
	}
	for _, call := range calls {
		owner := core.Subject{Namespace: core.Namespace{Name: call.Namespace}}
		target, err := p.Resolve(ctx, owner, call.Action)
		switch {
		case core.KindOf(err) == core.KindUnavailable:
			return nil, err
		case err != nil || target.Action.Exec.Kind == core.KindSequence:
			continue // the call will fail, or have calls of its own
		}
		s, err := p.readiness(owner, target, 1)
		if err != nil || standsFor(list, s) {
			continue
		}
		if home, err := p.crew.home(ctx, s.Activation); err != nil {
			return nil, err
		} else if home == worker {
			list = append(list, s)
		}
	}
	return list, nil
}

// standsFor says whether a container of the same action is kept anyhow.
func standsFor(list []Standing, s Standing) bool {
	for _, other := range list {
		if other.Activation.Namespace == s.Activation.Namespace && other.Activation.Action == s.Activation.Action {
			return true
		}
	}
	return false
}
