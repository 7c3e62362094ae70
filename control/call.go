package control

import (
	"context"

	"github.com/hearth-faas/hearth/core"
)

// NoteCall remembers for a day that the activation is a call of a function
// whose client has named it: CancelCall finds it under that name. Any number
// of calls may have one name. The id of an activation, with or without dashes,
// is a name that needs no note.
func (p *Plane) NoteCall(ctx context.Context, ref core.Ref, call string) error {
	return p.db.NoteCall(ctx, ref, call)
}

// CancelCall is Cancel for all calls of functions of that name, in whatever
// namespace. KindConflict: all have ended. KindNotFound: there is none.
func (p *Plane) CancelCall(ctx context.Context, call string) error {
	all, err := p.db.Namespaces(ctx)
	if err != nil {
		return err
	}
	names := make([]string, len(all))
	for i, ns := range all {
		names[i] = ns.Name
	}
	refs, err := p.db.Calls(ctx, names, call)
	if err != nil {
		return err
	}
	ended := error(core.Errorf(core.KindNotFound, "The requested resource does not exist."))
	done := false
	for _, ref := range refs {
		r, err := p.db.Activation(ctx, ref)
		if err == nil && r.Kind != core.KindFunction {
			continue // its id was guessed, and it is no call of a function
		}
		if err == nil {
			err = p.cancel(ctx, ref)
		}
		switch core.KindOf(err) {
		case core.KindNotFound:
		case core.KindConflict:
			ended = err
		default:
			if err != nil {
				return err
			}
			done = true
		}
	}
	if done {
		return nil
	}
	return ended
}

// RecordAll is Record for several, in one round trip.
func (p *Plane) RecordAll(ctx context.Context, list []*core.Activation) error {
	return p.db.KeepAll(ctx, list, p.opt.Retention)
}
