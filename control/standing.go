package control

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

// AnnotationMinWarm says how many containers of an action are kept
// initialised, whether it is called or not.
const AnnotationMinWarm = "min-warm"

// minWarm is the value of the annotation; what is no positive number is 0.
func minWarm(annotations core.Params) int {
	v, _ := annotations.Get(AnnotationMinWarm)
	var n int
	if json.Unmarshal(v, &n) != nil {
		return 0
	}
	return max(0, n)
}

// Standing is an action that a worker keeps ready.
type Standing struct {
	// Activation is what a call of the action by its owner would be; it is
	// not accepted, and has no record.
	Activation *core.Activation
	Count      int // of containers
}

// Standing returns what the worker of that id has to keep ready, of the
// actions whose calls would be placed with it: those with the annotation
// min-warm, and then those that are expected to be called, see Expect. Names
// that stand no more are forgotten. They are in the order of their names, so
// that a worker without room for all keeps the same ones each time.
func (p *Plane) Standing(ctx context.Context, worker string) ([]Standing, error) {
	names, err := p.db.Standing(ctx)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(names, func(a, b core.Name) int { return cmp.Compare(a.Full(), b.Full()) })
	var list []Standing
	for _, name := range names {
		s, err := p.standing(ctx, name)
		if err != nil {
			return nil, err
		}
		if s.Count == 0 {
			continue
		}
		if home, err := p.crew.home(ctx, s.Activation); err != nil {
			return nil, err
		} else if home == worker {
			list = append(list, s)
		}
	}
	return p.expected(ctx, worker, list)
}

func (p *Plane) standing(ctx context.Context, name core.Name) (Standing, error) {
	owner := core.Subject{Namespace: core.Namespace{Name: name.Namespace}}
	target, err := p.Resolve(ctx, owner, name)
	switch k := core.KindOf(err); {
	case err != nil && (k == core.KindNotFound || k == core.KindConflict || k == core.KindForbidden):
		return Standing{}, p.db.RemoveStanding(ctx, name)
	case err != nil:
		return Standing{}, err
	}
	n := minWarm(target.Action.Annotations)
	if n == 0 || target.Action.Exec.Kind == core.KindSequence {
		return Standing{}, p.db.RemoveStanding(ctx, name)
	}
	s, err := p.readiness(owner, target, n)
	if err != nil {
		return Standing{}, nil //nolint:nilerr // it could not be called either
	}
	return s, nil
}

// readiness is what it takes to have containers ready for a call.
func (p *Plane) readiness(owner core.Subject, target Target, count int) (Standing, error) {
	c, err := p.creation(Call{Subject: owner, Target: target})
	return Standing{Activation: c.Activation, Count: count}, err
}

// home returns the id of the worker that calls of the activation's action are
// placed with while it has room, or "".
func (r *roster) home(ctx context.Context, a *core.Activation) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.refresh(ctx); err != nil {
		return "", err
	}
	if w := r.heaviest(a, func(store.Worker) bool { return true }); w != nil {
		return w.ID, nil
	}
	return "", nil
}
