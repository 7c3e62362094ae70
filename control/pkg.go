package control

import (
	"context"

	"github.com/hearth-faas/hearth/core"
)

// PackagePatch is the body of a PUT of a package.
type PackagePatch struct {
	Binding     *core.Name
	Params      *core.Params
	Annotations *core.Params // replaces all
	Version     *core.Version
	Publish     *bool
}

// PutPackage creates or, with overwrite, updates a package or binding.
func (p *Plane) PutPackage(ctx context.Context, who core.Subject, name core.Name, patch PackagePatch, overwrite bool) (*core.Package, error) {
	panic("unwritten")
}

// Package returns the package and its actions (of a binding: the provider's),
// parameters merged.
func (p *Plane) Package(ctx context.Context, who core.Subject, name core.Name) (*core.Package, []core.Action, error) {
	panic("unwritten")
}

// DeletePackage deletes a package; a package that is not empty needs force,
// which deletes its actions too.
func (p *Plane) DeletePackage(ctx context.Context, who core.Subject, name core.Name, force bool) (*core.Package, error) {
	panic("unwritten")
}

// Packages lists packages, latest first; in a foreign namespace the
// published ones that are no bindings.
func (p *Plane) Packages(ctx context.Context, who core.Subject, namespace string, page Page) ([]core.Package, error) {
	panic("unwritten")
}
