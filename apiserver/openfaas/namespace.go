package openfaas

import (
	"context"
	"regexp"
	"strings"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
)

var errNamespace = core.Errorf(core.KindInvalid, "namespace not valid") //nolint:gochecknoglobals // an error is a constant in all but form

// resolve returns the namespace that clients call by the name, the default one
// for none. Namespaces that are not marked for functions are not valid, and
// nor is the default one under its own name: a function has one.
func (d *Dialect) resolve(ctx context.Context, name string) (core.Namespace, error) {
	if name == "" || name == DefaultNamespace {
		return d.plane.Namespace(ctx, d.opt.Namespace)
	}
	if name == d.opt.Namespace {
		return core.Namespace{}, errNamespace
	}
	ns, err := d.plane.Namespace(ctx, name)
	if core.KindOf(err) == core.KindNotFound || err == nil && !control.HasFunctions(ns) {
		return core.Namespace{}, errNamespace
	}
	return ns, err
}

// shown is what clients call the namespace.
func (d *Dialect) shown(namespace string) string {
	if namespace == d.opt.Namespace {
		return DefaultNamespace
	}
	return namespace
}

// caller returns the identity for a request that names its namespace in the
// body, the query, or both alike. Which of them clients use differs from
// operation to operation and from version to version.
func (d *Dialect) caller(r *request, inBody string) (core.Subject, error) {
	name := r.query("namespace")
	if inBody != "" && name != "" && inBody != name {
		return core.Subject{}, core.Errorf(core.KindInvalid, "namespace is %q in the body and %q in the query", inBody, name)
	}
	if name == "" {
		name = inBody
	}
	ns, err := d.resolve(r.ctx(), name)
	return owner(ns), err
}

// addressed returns the identity and the name for a function in the path,
// which may be followed by a dot and its namespace, or in a body.
func (d *Dialect) addressed(r *request, name, namespace string) (core.Subject, core.Name, error) {
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		suffix := name[i+1:]
		if namespace != "" && namespace != suffix {
			return core.Subject{}, core.Name{}, core.Errorf(core.KindInvalid, "namespace is %q and %q", suffix, namespace)
		}
		name, namespace = name[:i], suffix
	}
	who, err := d.caller(r, namespace)
	return who, core.Name{Namespace: who.Namespace.Name, Name: name}, err
}

// serviceName is Kubernetes' rule for the name of a service (DNS-1123 label).
var serviceName = regexp.MustCompile(`\A[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\z`)

func validService(name string) error {
	if name == "" {
		return core.Errorf(core.KindInvalid, "service name is required")
	}
	if !serviceName.MatchString(name) {
		return core.Errorf(core.KindInvalid, "service name (%s) is invalid: it consists of at most 63 lower-case letters, digits and '-', "+
			"and begins and ends with a letter or digit", name)
	}
	return nil
}
