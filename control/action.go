package control

import (
	"context"
	"errors"
	"time"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

// LimitsPatch changes some limits; nil fields are kept.
type LimitsPatch struct {
	Timeout     *time.Duration
	Memory      *int
	Logs        *int
	Concurrency *int
	Instances   *int
}

// ActionPatch is the body of a PUT of an action; nil fields keep what is
// there, or the default on create.
type ActionPatch struct {
	Exec        *core.Exec   // replaces exec as a whole
	Params      *core.Params // replaces all
	Annotations core.Params  // merged by key
	Remove      []string     // annotations removed before the merge
	Limits      LimitsPatch
	Version     *core.Version
	Publish     *bool
}

// PutAction creates the action, or with overwrite updates it. KindConflict
// when it exists (without overwrite) or another type holds the name. An
// update that loses a race is made again from what the winner wrote.
func (p *Plane) PutAction(ctx context.Context, who core.Subject, name core.Name, patch ActionPatch, overwrite bool) (*core.Action, error) {
	if err := mayPut(who, name); err != nil {
		return nil, err
	}
	if patch.Exec != nil {
		exec := *patch.Exec
		if err := p.mayExec(ctx, who, name, &exec); err != nil {
			return nil, err
		}
		patch.Exec = &exec
	}
	action, err := put(ctx, overwrite, writing[core.Action]{
		read: func() (*core.Action, error) {
			// An update without exec answers with the code, so it reads it.
			l, err := p.db.Lookup(ctx, name, patch.Exec == nil)
			if err == nil {
				err = mayPutInto(name, l)
			}
			if err != nil {
				return nil, err
			}
			return l.Action, l.ActionErr
		},
		create: func() (*core.Action, error) { return newAction(name, patch) },
		change: func(old *core.Action) (*core.Action, error) { return changeAction(old, patch), nil },
		check:  func(a *core.Action) error { return p.checkAction(who, a) },
		write:  func(a, old *core.Action) error { return p.db.PutAction(ctx, a, old.Revision) },
	})
	if err == nil && minWarm(action.Annotations) > 0 {
		err = p.db.AddStanding(ctx, name)
	}
	if err != nil {
		return nil, err
	}
	return action, nil
}

// mayPutInto refuses a packaged action whose package is missing, is no
// package, or is a binding. The write checks it again.
func mayPutInto(name core.Name, l store.Lookup) error {
	switch {
	case name.Package == "":
		return nil
	case errors.Is(l.PackageErr, store.ErrNotFound):
		return store.ErrNoPackage // the action itself may be there or not
	case l.PackageErr != nil:
		return l.PackageErr
	case !l.Package.Binding.IsZero():
		return store.ErrBinding
	}
	return nil
}

// Action returns the action, parameters merged with those of its package and
// binding. Without code, Exec.Code is nil.
func (p *Plane) Action(ctx context.Context, who core.Subject, name core.Name, code bool) (*core.Action, error) {
	target, err := p.find(ctx, who, name, code)
	if err != nil {
		return nil, err
	}
	return target.Action, nil
}

// DeleteAction deletes the action and returns what it was.
func (p *Plane) DeleteAction(ctx context.Context, who core.Subject, name core.Name) (*core.Action, error) {
	if err := mustOwn(who, name); err != nil {
		return nil, err
	}
	var action *core.Action
	err := retry(ctx, func() error {
		l, err := p.db.Lookup(ctx, name, true)
		if err != nil {
			return err
		}
		if err := mayPutInto(name, l); err != nil {
			return err
		}
		if l.ActionErr != nil {
			return l.ActionErr
		}
		action = l.Action
		return lost(p.db.DeleteAction(ctx, name, action.Revision))
	})
	if err != nil {
		return nil, err
	}
	return action, nil
}

// Actions lists the actions of a namespace, latest first, without code and
// parameters; of one package where pkg is not empty, and where that is a
// binding, of the package that it binds.
func (p *Plane) Actions(ctx context.Context, who core.Subject, namespace, pkg string, page Page) ([]core.Action, error) {
	at, err := p.listed(ctx, who, namespace, pkg)
	if err != nil {
		return nil, err
	}
	actions, err := p.db.Actions(ctx, at.Namespace, at.Name, page.Skip, page.limit())
	for i := range actions {
		actions[i].Params = nil
	}
	return actions, err
}

// listed returns the package whose actions a list of pkg shows; its Name is
// empty for the list of a whole namespace.
func (p *Plane) listed(ctx context.Context, who core.Subject, namespace, pkg string) (core.Name, error) {
	if pkg == "" {
		return core.Name{Namespace: namespace}, mustOwnAll(who, namespace)
	}
	found, provider, err := p.readPackage(ctx, who, core.Name{Namespace: namespace, Name: pkg})
	if err != nil {
		return core.Name{}, err
	}
	if provider != nil {
		return provider.Name, nil
	}
	return found.Name, nil
}
