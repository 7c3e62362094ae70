package control

import (
	"context"
	"maps"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

// LabelFunctions marks a namespace as one that clients of the function API
// see; its value is "1" or "true".
const LabelFunctions = "openfaas"

// HasFunctions says whether clients of the function API see the namespace.
func HasFunctions(ns core.Namespace) bool {
	mark := ns.Labels[LabelFunctions]
	return !ns.Blocked && (mark == "1" || mark == "true")
}

// FunctionNamespaces returns the namespaces that clients of the function API
// see, by name.
func (p *Plane) FunctionNamespaces(ctx context.Context) ([]core.Namespace, error) {
	all, err := p.db.Namespaces(ctx)
	if err != nil {
		return nil, err
	}
	var seen []core.Namespace
	for _, ns := range all {
		if HasFunctions(ns) {
			seen = append(seen, ns)
		}
	}
	return seen, nil
}

// Namespace reads a namespace as it is now, blocked or not. KindNotFound.
func (p *Plane) Namespace(ctx context.Context, name string) (core.Namespace, error) {
	return p.db.Namespace(ctx, name)
}

// CreateFunctionNamespace makes a namespace that clients of the function API
// see. KindConflict when the name is taken. Its key for other APIs is known to
// nobody until it is rotated.
func (p *Plane) CreateFunctionNamespace(ctx context.Context, name string, notes store.Notes) error {
	_, err := p.db.CreateNotedNamespace(ctx, name, marked(notes))
	return err
}

// NoteNamespace replaces labels and annotations of a namespace; it remains
// one that clients of the function API see. KindNotFound.
func (p *Plane) NoteNamespace(ctx context.Context, name string, notes store.Notes) error {
	return p.db.SetNotes(ctx, name, marked(notes))
}

func marked(notes store.Notes) store.Notes {
	labels := maps.Clone(notes.Labels)
	if labels == nil {
		labels = map[string]string{}
	}
	if mark := labels[LabelFunctions]; mark != "true" {
		labels[LabelFunctions] = "1"
	}
	return store.Notes{Labels: labels, Annotations: notes.Annotations}
}

// DeleteFunctionNamespace deletes a namespace without entities and secrets.
// KindConflict when it has any, KindNotFound.
func (p *Plane) DeleteFunctionNamespace(ctx context.Context, name string) error {
	for _, typ := range []core.Type{core.TypeAction, core.TypePackage, core.TypeTrigger, core.TypeRule} {
		switch n, err := p.db.Count(ctx, name, typ, ""); {
		case err != nil:
			return err
		case n > 0:
			return core.Errorf(core.KindConflict, "namespace %s is not empty: it has %d of type %s", name, n, typ)
		}
	}
	secrets, err := p.db.SecretNames(ctx, name)
	if err != nil {
		return err
	}
	if len(secrets) > 0 {
		return core.Errorf(core.KindConflict, "namespace %s is not empty: it has %d secrets", name, len(secrets))
	}
	return p.db.DeleteNamespace(ctx, name)
}
