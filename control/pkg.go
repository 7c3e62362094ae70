package control

import (
	"context"
	"errors"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

// PackagePatch is the body of a PUT of a package.
type PackagePatch struct {
	Binding     *core.Name
	Params      *core.Params
	Annotations *core.Params // replaces all
	Version     *core.Version
	Publish     *bool
}

// PutPackage creates or, with overwrite, updates a package or binding. A
// package stays a package, and a binding a binding.
func (p *Plane) PutPackage(ctx context.Context, who core.Subject, name core.Name, patch PackagePatch, overwrite bool) (*core.Package, error) {
	if name.Name == core.DefaultPackage {
		return nil, core.Errorf(core.KindInvalid, "Package name '%s' is reserved.", name.Name)
	}
	if err := mayPut(who, name); err != nil {
		return nil, err
	}
	if patch.Binding != nil && patch.Binding.IsZero() {
		patch.Binding = nil // {} is what a package shows as its binding
	}
	if patch.Binding != nil {
		target := inNamespaceOf(who, *patch.Binding)
		patch.Binding = &target
		if err := p.mayBind(ctx, who, name, target); err != nil {
			return nil, err
		}
	}
	return put(ctx, overwrite, writing[core.Package]{
		read:   func() (*core.Package, error) { return p.db.Package(ctx, name) },
		create: func() (*core.Package, error) { return newPackage(name, patch), nil },
		change: func(old *core.Package) (*core.Package, error) {
			if patch.Binding != nil && old.Binding.IsZero() {
				return nil, core.Errorf(core.KindConflict, "Resource is a package and cannot be converted into a binding.")
			}
			return changePackage(old, patch), nil
		},
		check: func(pkg *core.Package) error { return fitParams(pkg.Params, pkg.Annotations) },
		write: func(pkg, old *core.Package) error { return p.db.PutPackage(ctx, pkg, old.Revision) },
	})
}

// mayBind refuses what a package called name cannot be bound to.
func (p *Plane) mayBind(ctx context.Context, who core.Subject, name, target core.Name) error {
	if err := target.Valid(); err != nil {
		return err
	}
	if target == name {
		return core.Errorf(core.KindUnprocessable, "Package binding '%s' contains a circular reference.", name.Full())
	}
	provider, err := p.db.Package(ctx, target)
	if err != nil && isFailure(err) {
		return err
	}
	err = mayRead(who, target, provider, err)
	switch {
	case errors.Is(err, store.ErrOtherType):
		return core.Errorf(core.KindConflict, "Cannot bind to a resource that is not a package.")
	case core.KindOf(err) == core.KindNotFound:
		return core.Errorf(core.KindInvalid, "Binding references a package that does not exist.")
	case err != nil:
		return err
	case !provider.Binding.IsZero():
		return core.Errorf(core.KindInvalid, "Cannot bind to another package binding.")
	}
	return nil
}

// Package returns the package and its actions (of a binding: the provider's),
// parameters merged.
func (p *Plane) Package(ctx context.Context, who core.Subject, name core.Name) (*core.Package, []core.Action, error) {
	pkg, provider, err := p.readPackage(ctx, who, name)
	if err != nil {
		return nil, nil, err
	}
	at := pkg.Name
	if provider != nil {
		at = provider.Name
		pkg.Params = overlay(provider.Params, pkg.Params)
	}
	actions, err := p.db.Actions(ctx, at.Namespace, at.Name, 0, 0)
	return pkg, actions, err
}

// readPackage reads a package that who may read, and for a binding also the
// package behind it.
func (p *Plane) readPackage(ctx context.Context, who core.Subject, name core.Name) (pkg, provider *core.Package, err error) {
	pkg, err = p.db.Package(ctx, name)
	if err != nil && core.KindOf(err) == core.KindUnavailable {
		return nil, nil, err
	}
	if err := mayRead(who, name, pkg, err); err != nil {
		return nil, nil, err
	}
	if pkg.Binding.IsZero() {
		return pkg, nil, nil
	}
	provider, err = p.db.Package(ctx, pkg.Binding)
	if err != nil && core.KindOf(err) == core.KindUnavailable {
		return nil, nil, err
	}
	if err := mayReadProvider(who, pkg.Binding, provider, err); err != nil {
		return nil, nil, err
	}
	return pkg, provider, nil
}

// DeletePackage deletes a package; a package that is not empty needs force,
// which deletes its actions too.
func (p *Plane) DeletePackage(ctx context.Context, who core.Subject, name core.Name, force bool) (*core.Package, error) {
	if err := mustOwn(who, name); err != nil {
		return nil, err
	}
	var pkg *core.Package
	err := retry(ctx, func() error {
		var err error
		if pkg, err = p.db.Package(ctx, name); err != nil {
			return err
		}
		actions, err := p.db.DeletePackage(ctx, name, pkg.Revision, force)
		if actions > 0 {
			return notEmpty(actions)
		}
		return lost(err)
	})
	if err != nil {
		return nil, err
	}
	return pkg, nil
}

func notEmpty(actions int) error {
	entities := "entities"
	if actions == 1 {
		entities = "entity"
	}
	return core.Errorf(core.KindConflict,
		"Package not empty (contains %d %s). Set force param or delete package contents.", actions, entities)
}

// Packages lists packages, latest first; in a foreign namespace the
// published ones that are no bindings.
func (p *Plane) Packages(ctx context.Context, who core.Subject, namespace string, page Page) ([]core.Package, error) {
	if owns(who, namespace) {
		return p.db.Packages(ctx, namespace, page.Skip, page.limit())
	}
	shared, err := p.shared(ctx, namespace)
	if err != nil {
		return nil, err
	}
	shared = shared[min(page.Skip, len(shared)):]
	return shared[:min(page.limit(), len(shared))], nil
}

// shared returns the packages of a namespace that everybody may read. It
// reads them all: catalogues are small, and rarely listed.
func (p *Plane) shared(ctx context.Context, namespace string) ([]core.Package, error) {
	all, err := p.db.Packages(ctx, namespace, 0, 0)
	if err != nil {
		return nil, err
	}
	shared := all[:0]
	for _, pkg := range all {
		if pkg.Publish && pkg.Binding.IsZero() {
			shared = append(shared, pkg)
		}
	}
	return shared, nil
}
