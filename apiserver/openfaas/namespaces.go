package openfaas

import (
	"context"
	"net/http"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

// namespaceJSON is a namespace, both ways.
type namespaceJSON struct {
	Name        string            `json:"name"`
	Annotations map[string]string `json:"annotations,omitempty"`
	Labels      map[string]string `json:"labels,omitempty"`
}

func (n namespaceJSON) notes() store.Notes {
	return store.Notes{Labels: n.Labels, Annotations: n.Annotations}
}

// listNamespaces lists the default namespace and those made for functions.
func (d *Dialect) listNamespaces(r *request) error {
	names, err := d.namespaceNames(r.ctx())
	if err != nil {
		return err
	}
	return r.writeJSON(names)
}

func (d *Dialect) namespaceNames(ctx context.Context) ([]string, error) {
	seen, err := d.plane.FunctionNamespaces(ctx)
	if err != nil {
		return nil, err
	}
	names := []string{DefaultNamespace}
	for _, ns := range seen {
		if ns.Name != d.opt.Namespace {
			names = append(names, ns.Name)
		}
	}
	return names, nil
}

func (d *Dialect) createNamespace(r *request) error {
	var in namespaceJSON
	if err := r.decode(&in); err != nil {
		return err
	}
	if path := r.Param("name"); in.Name == "" {
		in.Name = path
	} else if path != "" && path != in.Name {
		return errNamespaceMismatch(path, in.Name)
	}
	if in.Name == "" {
		return core.Errorf(core.KindInvalid, "namespace name is required")
	}
	if in.Name == DefaultNamespace {
		return core.Errorf(core.KindConflict, "namespace %s exists already", in.Name)
	}
	if !serviceName.MatchString(in.Name) {
		return core.Errorf(core.KindInvalid, "namespace name (%s) is invalid", in.Name)
	}
	if err := d.plane.CreateFunctionNamespace(r.ctx(), in.Name, in.notes()); err != nil {
		return err
	}
	return r.NoContent(http.StatusCreated)
}

// named returns the namespace in the path. What is no namespace of functions
// is not found here, where elsewhere it makes a request invalid.
func (d *Dialect) named(r *request) (core.Namespace, error) {
	name := r.Param("name")
	if name == "" {
		return core.Namespace{}, core.Errorf(core.KindInvalid, "namespace name is required")
	}
	ns, err := d.resolve(r.ctx(), name)
	if core.KindOf(err) == core.KindInvalid {
		return ns, core.Errorf(core.KindNotFound, "namespace %s not found", name)
	}
	return ns, err
}

func (d *Dialect) getNamespace(r *request) error {
	ns, err := d.named(r)
	if err != nil {
		return err
	}
	out := namespaceJSON{Name: d.shown(ns.Name), Labels: ns.Labels, Annotations: ns.Annotations}
	if ns.Name == d.opt.Namespace && len(out.Labels) == 0 {
		out.Labels = map[string]string{control.LabelFunctions: "1"} // it is one without being marked
	}
	return r.writeJSON(out)
}

// updateNamespace replaces labels and annotations.
func (d *Dialect) updateNamespace(r *request) error {
	in, ns, err := d.namedInBoth(r)
	if err != nil {
		return err
	}
	if err := d.plane.NoteNamespace(r.ctx(), ns.Name, in.notes()); err != nil {
		return err
	}
	return r.NoContent(http.StatusAccepted)
}

func (d *Dialect) deleteNamespace(r *request) error {
	_, ns, err := d.namedInBoth(r)
	if err != nil {
		return err
	}
	if ns.Name == d.opt.Namespace {
		return core.Errorf(core.KindInvalid, "the default namespace cannot be deleted")
	}
	if err := d.plane.DeleteFunctionNamespace(r.ctx(), ns.Name); err != nil {
		return err
	}
	return r.NoContent(http.StatusAccepted)
}

// namedInBoth reads a body, which may be absent, and the namespace in the
// path, which it may not contradict.
func (d *Dialect) namedInBoth(r *request) (in namespaceJSON, ns core.Namespace, err error) {
	if r.Request().ContentLength != 0 {
		if err := r.decode(&in); err != nil {
			return in, ns, err
		}
	}
	if path := r.Param("name"); in.Name != "" && in.Name != path {
		return in, ns, errNamespaceMismatch(path, in.Name)
	}
	ns, err = d.named(r)
	return in, ns, err
}

func errNamespaceMismatch(path, body string) error {
	return core.Errorf(core.KindInvalid, "namespace is %q in the path and %q in the body", path, body)
}
