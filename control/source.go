package control

import (
	"context"
	"errors"

	"github.com/hearth-faas/hearth/core"
)

// TriggerSource makes events for triggers that ask for it by an annotation.
// It is safe for concurrent use.
type TriggerSource interface {
	// Take is called before a trigger is written, for new and changed ones,
	// whether they have the source's annotation or not. It refuses settings
	// that make no sense with an Error of KindInvalid, and may take what is
	// secret out of t. What it returns is called once the trigger is written,
	// and may be called again for the same settings.
	Take(ctx context.Context, t *core.Trigger) (written func(context.Context) error, err error)
	// Drop is called when a trigger was deleted.
	Drop(ctx context.Context, trigger core.Name) error
}

// sourced asks all sources to take the trigger.
func (p *Plane) sourced(ctx context.Context, t *core.Trigger) (written func(context.Context) error, err error) {
	all := make([]func(context.Context) error, len(p.opt.Sources))
	for i, source := range p.opt.Sources {
		if all[i], err = source.Take(ctx, t); err != nil {
			return nil, err
		}
	}
	return func(ctx context.Context) error {
		var errs []error
		for _, f := range all {
			errs = append(errs, f(ctx))
		}
		return errors.Join(errs...)
	}, nil
}

// unsourced tells all sources that a trigger is gone.
func (p *Plane) unsourced(ctx context.Context, trigger core.Name) error {
	var errs []error
	for _, source := range p.opt.Sources {
		errs = append(errs, source.Drop(ctx, trigger))
	}
	return errors.Join(errs...)
}
