package control

import (
	"encoding/json"

	"github.com/hearth-faas/hearth/core"
)

// What a PUT makes of an entity. These functions are pure: the same patch
// may be applied again when a race was lost.

// componentsParam is the parameter in which a sequence shows its components.
const componentsParam = "_actions"

// newAction makes an action from the body of a PUT.
func newAction(name core.Name, patch ActionPatch) (*core.Action, error) {
	if patch.Exec == nil {
		return nil, core.Errorf(core.KindInvalid, "exec undefined")
	}
	a := &core.Action{
		Meta:   newMeta(name, patch.Version, patch.Publish),
		Exec:   *patch.Exec,
		Params: paramsOf(patch.Params, nil),
		Limits: patch.Limits.over(core.DefaultLimits()),
	}
	a.Annotations = patch.Annotations.Without(patch.Remove...).Merge(nil)
	forceAnnotations(a)
	if _, ok := a.Annotations.Get("provide-api-key"); !ok {
		a.Annotations = a.Annotations.With("provide-api-key", core.JSON("false"))
	}
	showComponents(a)
	return a, nil
}

// changeAction applies the body of a PUT to an action that exists.
func changeAction(old *core.Action, patch ActionPatch) *core.Action {
	a := *old
	change(&a.Meta, patch.Version, patch.Publish)
	wasSequence := old.Exec.Kind == core.KindSequence
	if patch.Exec != nil {
		a.Exec = *patch.Exec
		a.Function, a.Replicas = nil, 0
		if wasSequence {
			a.Params = nil // they showed components that are no more
		}
	}
	a.Params = paramsOf(patch.Params, a.Params)
	a.Limits = patch.Limits.over(old.Limits)
	a.Annotations = old.Annotations.Without(patch.Remove...).Merge(patch.Annotations)
	forceAnnotations(&a)
	showComponents(&a)
	return &a
}

// forceAnnotations sets what clients cannot choose.
func forceAnnotations(a *core.Action) {
	a.Annotations = a.Annotations.With("exec", quote(a.Exec.Kind))
}

// showComponents replaces the parameters of a sequence by the list of its
// components; others keep theirs.
func showComponents(a *core.Action) {
	if a.Exec.Kind != core.KindSequence {
		return
	}
	names := make([]string, len(a.Exec.Components))
	for i, c := range a.Exec.Components {
		names[i] = c.String()
	}
	value, _ := json.Marshal(names) // strings always can
	a.Params = core.Params{{Key: componentsParam, Value: value}}
}

// over returns the limits with the patch's own values in their place.
func (l LimitsPatch) over(limits core.Limits) core.Limits {
	if l.Timeout != nil {
		limits.Timeout = *l.Timeout
	}
	if l.Memory != nil {
		limits.Memory = *l.Memory
	}
	if l.Logs != nil {
		limits.Logs = *l.Logs
	}
	if l.Concurrency != nil {
		limits.Concurrency = *l.Concurrency
	}
	if l.Instances != nil {
		limits.Instances = l.Instances
	}
	return limits
}

func newMeta(name core.Name, version *core.Version, publish *bool) core.Meta {
	m := core.Meta{Name: name, Version: core.FirstVersion}
	if version != nil {
		m.Version = *version
	}
	if publish != nil {
		m.Publish = *publish
	}
	return m
}

// change raises the version of an entity, unless the patch has its own.
func change(m *core.Meta, version *core.Version, publish *bool) {
	m.Version = m.Version.Next()
	if version != nil {
		m.Version = *version
	}
	if publish != nil {
		m.Publish = *publish
	}
}

// paramsOf returns the patch's parameters, the last of each key, or what was
// there when it has none.
func paramsOf(patch *core.Params, old core.Params) core.Params {
	switch {
	case patch == nil:
		return old
	case len(*patch) == 0:
		return nil
	}
	return core.Params(nil).Merge(*patch)
}

// newPackage makes a package or binding from the body of a PUT.
func newPackage(name core.Name, patch PackagePatch) *core.Package {
	p := &core.Package{Meta: newMeta(name, patch.Version, patch.Publish), Params: paramsOf(patch.Params, nil)}
	p.Annotations = paramsOf(patch.Annotations, nil)
	if patch.Binding != nil {
		p.Binding = *patch.Binding
	}
	showBinding(p)
	return p
}

// changePackage applies the body of a PUT to a package that exists.
func changePackage(old *core.Package, patch PackagePatch) *core.Package {
	p := *old
	change(&p.Meta, patch.Version, patch.Publish)
	p.Params = paramsOf(patch.Params, old.Params)
	p.Annotations = paramsOf(patch.Annotations, old.Annotations)
	if patch.Binding != nil {
		p.Binding = *patch.Binding
	}
	showBinding(&p)
	return &p
}

// showBinding sets the annotation of a binding that clients cannot choose.
func showBinding(p *core.Package) {
	if p.Binding.IsZero() {
		return
	}
	value := `{"namespace":` + string(quote(p.Binding.Namespace)) + `,"name":` + string(quote(p.Binding.Name)) + `}`
	p.Annotations = p.Annotations.With("binding", core.JSON(value))
}

// quote returns s as a JSON text.
func quote(s string) core.JSON {
	text, _ := json.Marshal(s) // a string always can
	return text
}
