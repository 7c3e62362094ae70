package control

import (
	"context"
	"errors"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

// Target is an action found and permitted, ready to be invoked.
type Target struct {
	// Action is the provider's, without code; its Params are merged in the
	// order package, binding, action. What its fields refer to is shared with
	// other callers: do not change it in place.
	Action *core.Action
	// Binding is the package binding the action was reached through, or zero.
	Binding core.Name
}

// Resolve finds the action that name addresses, through a binding where there
// is one, and checks that who may invoke it. Entitlement comes before
// existence: KindForbidden for what is not theirs whether or not it is there,
// KindNotFound, KindConflict for an entity of another type.
//
// It takes one round trip, or two through a binding, and always sees the last
// write.
func (p *Plane) Resolve(ctx context.Context, who core.Subject, name core.Name) (Target, error) {
	return p.find(ctx, who, name, false)
}

// find is Resolve, with or without the action's code.
func (p *Plane) find(ctx context.Context, who core.Subject, name core.Name, code bool) (Target, error) {
	if err := reachable(who, name); err != nil {
		return Target{}, err
	}
	l, err := p.db.Lookup(ctx, name, code)
	if err != nil {
		return Target{}, err
	}
	return p.target(ctx, who, name, l, code)
}

// reachable refuses the action of somebody else that is in no package: those
// are never shared.
func reachable(who core.Subject, name core.Name) error {
	if name.Package == "" {
		return mustOwn(who, name)
	}
	return nil
}

// target makes what was looked up under the name a target, if who may invoke
// it.
func (p *Plane) target(ctx context.Context, who core.Subject, name core.Name, l store.Lookup, code bool) (Target, error) {
	if name.Package == "" {
		return Target{Action: l.Action}, l.ActionErr
	}
	if err := mayRead(who, packageOf(name), l.Package, l.PackageErr); err != nil {
		return Target{}, asked(name, err)
	}
	if !l.Package.Binding.IsZero() {
		return p.findBound(ctx, who, name, l.Package, code)
	}
	if l.ActionErr != nil {
		return Target{}, l.ActionErr
	}
	l.Action.Params = overlay(l.Package.Params, l.Action.Params)
	return Target{Action: l.Action}, nil
}

// findBound finds an action through the binding that is its package.
func (p *Plane) findBound(ctx context.Context, who core.Subject, name core.Name, binding *core.Package, code bool) (Target, error) {
	provider := binding.Binding
	l, err := p.db.Lookup(ctx, core.Name{Namespace: provider.Namespace, Package: provider.Name, Name: name.Name}, code)
	if err != nil {
		return Target{}, err
	}
	if err := mayReadProvider(who, provider, l.Package, l.PackageErr); err != nil {
		return Target{}, asked(name, err)
	}
	if l.ActionErr != nil {
		return Target{}, l.ActionErr
	}
	l.Action.Params = overlay(l.Package.Params, binding.Params, l.Action.Params)
	return Target{Action: l.Action, Binding: binding.Name}, nil
}

// asked makes a refusal name what the caller asked for, not the package that
// stands behind it.
func asked(name core.Name, err error) error {
	if core.KindOf(err) == core.KindForbidden {
		return forbidden(name.Full())
	}
	return err
}

// packageOf returns the name of a packaged action's package.
func packageOf(name core.Name) core.Name {
	return core.Name{Namespace: name.Namespace, Name: name.Package}
}

// mayRead decides over a package that was looked up with the result err.
func mayRead(who core.Subject, name core.Name, pkg *core.Package, err error) error {
	if owns(who, name.Namespace) {
		if errors.Is(err, store.ErrNotFound) {
			return absent(name)
		}
		return err
	}
	if err != nil || !pkg.Publish || !pkg.Binding.IsZero() {
		return forbidden(name.Full())
	}
	return nil
}

// mayReadProvider decides over the package behind a binding. One that has
// become a binding itself is as good as gone: bindings do not chain.
func mayReadProvider(who core.Subject, name core.Name, pkg *core.Package, err error) error {
	if err := mayRead(who, name, pkg, err); err != nil {
		return err
	}
	if !pkg.Binding.IsZero() {
		return absent(name)
	}
	return nil
}

// overlay merges parameters, later lists over earlier ones.
func overlay(lists ...core.Params) core.Params {
	var all core.Params
	for _, list := range lists {
		switch {
		case len(list) == 0:
		case len(all) == 0:
			all = list
		default:
			all = all.Merge(list)
		}
	}
	return all
}
