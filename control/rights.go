package control

import (
	"slices"
	"strings"

	"github.com/hearth-faas/hearth/core"
)

// Entitlement comes before existence: a caller learns nothing about what is
// not theirs. Everything in the caller's own namespace is; of others', only
// published packages that are no bindings, with the actions in them.

// owns says whether the namespace is the caller's.
func owns(who core.Subject, namespace string) bool { return who.Namespace.Name == namespace }

// mustOwn refuses what is in another namespace.
func mustOwn(who core.Subject, name core.Name) error {
	if !owns(who, name.Namespace) {
		return forbidden(name.Full())
	}
	return nil
}

// mustOwnAll refuses lists of another namespace.
func mustOwnAll(who core.Subject, namespace string) error {
	if !owns(who, namespace) {
		return forbidden(namespace)
	}
	return nil
}

// mayPut refuses names that nothing can have, and those of others.
func mayPut(who core.Subject, name core.Name) error {
	if err := name.Valid(); err != nil {
		return err
	}
	return mustOwn(who, name)
}

// mayRun refuses kinds that the operator does not allow the namespace.
func mayRun(who core.Subject, kind string) error {
	allowed := who.Namespace.Quota.AllowedKinds
	if len(allowed) > 0 && !slices.Contains(allowed, kind) {
		return core.Errorf(core.KindForbidden,
			"The supplied authentication is not authorized to access actions of kind '%s'.", kind)
	}
	return nil
}

func forbidden(resources ...string) error {
	slices.Sort(resources)
	return core.Errorf(core.KindForbidden, "The supplied authentication is not authorized to access '%s'.",
		strings.Join(slices.Compact(resources), ", "))
}

// absent is the entitlement's own word for a missing package.
func absent(name core.Name) error {
	return core.Errorf(core.KindNotFound, "The requested resource '%s' does not exist.", name.Full())
}

// inNamespaceOf replaces the namespace "_" by the caller's.
func inNamespaceOf(who core.Subject, name core.Name) core.Name {
	if name.Namespace == core.Self {
		name.Namespace = who.Namespace.Name
	}
	return name
}
