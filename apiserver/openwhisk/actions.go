package openwhisk

import (
	"encoding/json"
	"time"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
)

const actions = "actions"

func (d *Dialect) listActions(r *request) error { return d.listActionsOf(r, "") }

func (d *Dialect) listPackageActions(r *request) error {
	return d.listActionsOf(r, r.Param("package"))
}

func (d *Dialect) listActionsOf(r *request, pkg string) error {
	q, err := listOf(r.QueryParams(), actions)
	if err != nil {
		return err
	}
	if q.count {
		n, err := d.plane.Count(r.ctx(), r.who, r.namespace(), core.TypeAction, pkg)
		if err != nil {
			return err
		}
		return r.counted(actions, n, q.Skip)
	}
	list, err := d.plane.Actions(r.ctx(), r.who, r.namespace(), pkg, q.Page)
	if err != nil {
		return err
	}
	return r.ok(each(list, actionItemOf))
}

func (d *Dialect) getAction(r *request) error {
	code, err := boolean(r.QueryParams(), "code", true)
	if err != nil {
		return err
	}
	a, err := d.plane.Action(r.ctx(), r.who, r.name(), code)
	if err != nil {
		return err
	}
	return r.ok(actionOf(a, code))
}

func (d *Dialect) putAction(r *request) error {
	overwrite, err := boolean(r.QueryParams(), "overwrite", false)
	if err != nil {
		return err
	}
	patch, err := d.actionPatch(r)
	if err != nil {
		return err
	}
	if patch.Exec == nil && overwrite {
		if err := d.updatable(r); err != nil {
			return err
		}
	}
	a, err := d.plane.PutAction(r.ctx(), r.who, r.name(), patch, overwrite)
	if err != nil {
		return err
	}
	return r.ok(actionOf(a, true))
}

func (d *Dialect) deleteAction(r *request) error {
	a, err := d.plane.DeleteAction(r.ctx(), r.who, r.name())
	if err != nil {
		return err
	}
	return r.ok(actionOf(a, true))
}

// updatable refuses to change an action and leave it on a deprecated kind.
// Without deprecated kinds in the manifest there is nothing to look up.
func (d *Dialect) updatable(r *request) error {
	if !d.anyDeprecated() {
		return nil
	}
	a, err := d.plane.Action(r.ctx(), r.who, r.name(), false)
	if core.KindOf(err) == core.KindNotFound {
		return nil // PutAction has the right words
	}
	if err != nil {
		return err
	}
	return d.runnable(a)
}

func (d *Dialect) anyDeprecated() bool {
	for _, name := range d.manifest.Names() {
		if k, _ := d.manifest.Lookup(name); k.Deprecated {
			return true
		}
	}
	return false
}

// runnable refuses an action of a deprecated kind.
func (d *Dialect) runnable(a *core.Action) error {
	if k, ok := d.manifest.Lookup(a.Exec.Kind); ok && k.Deprecated {
		return deprecated(k.Name)
	}
	return nil
}

func (d *Dialect) actionPatch(r *request) (control.ActionPatch, error) {
	var patch control.ActionPatch
	body, err := putBody(r.Request())
	if err != nil {
		return patch, err
	}
	if raw, ok := body.has("exec"); ok {
		if patch.Exec, err = parseExec(raw, d.manifest, r.who.Namespace.Name); err != nil {
			return patch, err
		}
	}
	if patch.Params, err = body.params("parameters"); err != nil {
		return patch, err
	}
	annotations, err := body.params("annotations")
	if err != nil {
		return patch, err
	}
	if annotations != nil {
		patch.Annotations = *annotations
	}
	if raw, ok := body.has("delAnnotations"); ok {
		if json.Unmarshal(raw, &patch.Remove) != nil {
			return patch, malformed("'delAnnotations' must be an array of strings")
		}
	}
	if raw, ok := body.has("limits"); ok {
		if patch.Limits, err = limitsPatch(raw); err != nil {
			return patch, err
		}
	}
	if patch.Version, err = body.version(); err != nil {
		return patch, err
	}
	patch.Publish, err = body.publish()
	return patch, err
}

// limitsPatch reads those limits that are given.
func limitsPatch(raw json.RawMessage) (control.LimitsPatch, error) {
	var patch control.LimitsPatch
	var o object
	if json.Unmarshal(raw, &o) != nil || o == nil {
		return patch, malformed("'limits' must be an object")
	}
	var timeout *int
	for _, f := range []struct {
		key, what string
		to        **int
	}{
		{"timeout", "time", &timeout},
		{"memory", "memory", &patch.Memory},
		{"logs", "log", &patch.Logs},
		{"concurrency", "intra concurrency", &patch.Concurrency},
		{"instances", "instance concurrency", &patch.Instances},
	} {
		raw, ok := o.has(f.key)
		if !ok {
			continue
		}
		n, err := whole(raw, f.what+" limit must be whole number")
		if err != nil {
			return patch, err
		}
		*f.to = &n
	}
	if timeout != nil {
		t := time.Duration(*timeout) * time.Millisecond
		patch.Timeout = &t
	}
	return patch, nil
}
