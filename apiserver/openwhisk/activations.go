package openwhisk

import (
	"net/url"

	"github.com/hearth-faas/hearth/apiserver/tail"
	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
)

const activations = "activations"

func (d *Dialect) listActivations(r *request) error {
	q, page, err := activationQuery(r.QueryParams())
	if err != nil {
		return err
	}
	if err := r.own(r.namespace()); err != nil {
		return err
	}
	if page.count {
		n, err := d.plane.CountActivations(r.ctx(), r.who, q)
		if err != nil {
			return err
		}
		return r.ok(map[string]int{activations: n})
	}
	list, err := d.plane.Activations(r.ctx(), r.who, q)
	if err != nil {
		return err
	}
	if q.Docs {
		return r.ok(each(list, activationOf))
	}
	return r.ok(each(list, activationItemOf))
}

func activationQuery(v url.Values) (control.ActivationQuery, list, error) {
	var q control.ActivationQuery
	page, err := listOf(v, activations)
	if err != nil {
		return q, page, err
	}
	q.Page = page.Page
	if q.Docs, err = boolean(v, "docs", false); err != nil {
		return q, page, err
	}
	if page.count && q.Docs {
		return q, page, badRequest("The parameter 'docs' is not permitted with 'count'.")
	}
	if q.Name, err = activationName(v); err != nil {
		return q, page, err
	}
	if q.Since, err = epoch(v, "since"); err != nil {
		return q, page, err
	}
	q.Upto, err = epoch(v, "upto")
	return q, page, err
}

// own refuses what belongs to another namespace, before anything is looked
// up: activations and limits are never shared.
func (r *request) own(resource string) error {
	if r.namespace() == r.who.Namespace.Name {
		return nil
	}
	return core.Errorf(core.KindForbidden, "The supplied authentication is not authorized to access '%s'.", resource)
}

func (d *Dialect) activation(r *request) (*core.Activation, error) {
	if err := r.own(r.namespace()); err != nil {
		return nil, err
	}
	return d.plane.Activation(r.ctx(), r.who, core.ActivationID(r.Param("id")))
}

func (d *Dialect) getActivation(r *request) error {
	a, err := d.activation(r)
	if err != nil {
		return err
	}
	return r.ok(activationOf(a))
}

// getLogs answers with the lines of a record, or, to a client that wants
// events, with those of an activation in whatever state.
func (d *Dialect) getLogs(r *request) error {
	if tail.Asked(r.Request()) {
		if err := r.own(r.namespace()); err != nil {
			return err
		}
		return tail.Serve(r, d.plane, r.who, core.ActivationID(r.Param("id")))
	}
	a, err := d.activation(r)
	if err != nil {
		return err
	}
	return r.ok(struct {
		Logs []string `json:"logs"`
	}{logsOf(a)})
}

func (d *Dialect) getResult(r *request) error {
	a, err := d.activation(r)
	if err != nil {
		return err
	}
	return r.ok(responseOf(a))
}
