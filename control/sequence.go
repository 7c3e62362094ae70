package control

import (
	"context"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

const tooManyInSequence = "Too many actions in the sequence."

// nextOfSequence says what follows the last step, nil before the first. Each
// component gets the result of the one before; the first error ends it.
// Components are looked up when their turn comes.
func (p *Plane) nextOfSequence(ctx context.Context, r *store.Record, pg *progress, last *store.Record) (move, error) {
	payload := pg.Payload
	if last != nil {
		if nested, err := decodeProgress(last); err == nil && !last.Conductor {
			pg.Count = nested.Count // a nested sequence went on counting
		} else {
			pg.Count++
		}
		out := last.Outcome
		if out.Status != core.StatusSuccess || len(pg.Steps) == len(pg.Components) {
			return move{end: &core.Outcome{Status: out.Status, Reason: out.Reason, Result: out.Result}}, nil
		}
		payload = out.Result
	}
	if len(pg.Components) == 0 {
		return endWith(core.StatusApplicationError, "No component specified for the sequence."), nil
	}
	if pg.Count >= core.MaxSequence {
		return endWith(core.StatusApplicationError, tooManyInSequence), nil
	}
	target, err := p.component(ctx, r, pg.Components[len(pg.Steps)])
	switch core.KindOf(err) {
	case core.KindNotFound, core.KindConflict, core.KindInvalid:
		return endWith(core.StatusApplicationError, "Sequence component does not exist."), nil
	case core.KindForbidden:
		return endWith(core.StatusApplicationError, err.Error()), nil
	}
	if err != nil {
		return move{}, err
	}
	return move{step: &step{target: target, payload: payload, count: pg.countFor(target)}}, nil
}

// countFor is where the target of a sequence begins to count: a nested
// sequence where its parent is, a composition anew.
func (pg *progress) countFor(target Target) int {
	if target.Action.Exec.Kind == core.KindSequence {
		return pg.Count
	}
	return 0
}

// component finds what a step is to run, in the rights of who asked.
func (p *Plane) component(ctx context.Context, r *store.Record, name string) (Target, error) {
	who, err := p.asker(ctx, r)
	if err != nil {
		if core.KindOf(err) == core.KindNotFound { // the namespace, not the action
			err = core.Errorf(core.KindForbidden, "The supplied authentication is not authorized to access this resource.")
		}
		return Target{}, err
	}
	full, err := core.ParseName(name, r.Namespace)
	if err != nil {
		return Target{}, err
	}
	return p.Resolve(ctx, who, full)
}
