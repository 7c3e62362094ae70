package openfaas

import (
	"context"
	"net/http"

	"github.com/hearth-faas/hearth/core"
)

// listFunctions lists the functions of one namespace with the numbers of
// their invocations, which a single one is shown without.
func (d *Dialect) listFunctions(r *request) error {
	who, err := d.caller(r, "")
	if err != nil {
		return err
	}
	list, err := d.functions(r.ctx(), who)
	if err != nil {
		return err
	}
	return r.writeJSON(list)
}

// functions returns all functions of the caller's, latest first.
func (d *Dialect) functions(ctx context.Context, who core.Subject) ([]statusJSON, error) {
	functions, err := d.plane.Functions(ctx, who)
	if err != nil {
		return nil, err
	}
	counts, err := d.plane.Invocations(ctx, who)
	if err != nil {
		return nil, err
	}
	ready, err := d.plane.ReadyReplicas(ctx, who)
	if err != nil {
		return nil, err
	}
	list := make([]statusJSON, len(functions))
	for i := range functions {
		name := functions[i].Name.Name
		list[i] = d.statusOfFunction(&functions[i], ready[name])
		list[i].Invocations = counts[name]
	}
	return list, nil
}

func (d *Dialect) getFunction(r *request) error {
	who, name, err := d.addressed(r, r.Param("name"), "")
	if err != nil {
		return err
	}
	a, err := d.plane.Function(r.ctx(), who, name)
	if core.KindOf(err) == core.KindNotFound {
		return &failure{status: http.StatusNotFound}
	}
	if err != nil {
		return err
	}
	ready, err := d.plane.ReadyReplicas(r.ctx(), who)
	if err != nil {
		return err
	}
	return r.writeJSON(d.statusOfFunction(a, ready[name.Name]))
}

func (d *Dialect) createFunction(r *request) error {
	who, name, in, err := d.deployment(r)
	if err != nil {
		return err
	}
	if _, err := d.plane.CreateFunction(r.ctx(), who, name, in); err != nil {
		if core.KindOf(err) == core.KindConflict {
			return core.Errorf(core.KindConflict, "the name %s is taken already", name.Name)
		}
		return err
	}
	return r.NoContent(http.StatusAccepted)
}

// updateFunction answers 200, which makes faas-cli say that it was an update.
func (d *Dialect) updateFunction(r *request) error {
	who, name, in, err := d.deployment(r)
	if err != nil {
		return err
	}
	if _, err := d.plane.UpdateFunction(r.ctx(), who, name, in); err != nil {
		return named(name, err)
	}
	return r.NoContent(http.StatusOK)
}

func (d *Dialect) deleteFunction(r *request) error {
	var in struct {
		Name      string `json:"functionName"`
		Namespace string `json:"namespace"`
	}
	if err := r.decode(&in); err != nil {
		return err
	}
	if in.Name == "" {
		return core.Errorf(core.KindInvalid, "function name is required")
	}
	who, name, err := d.addressed(r, in.Name, in.Namespace)
	if err != nil {
		return err
	}
	if err := d.plane.DeleteFunction(r.ctx(), who, name); err != nil {
		return named(name, err)
	}
	return r.NoContent(http.StatusAccepted)
}

// named says which function was not found.
func named(name core.Name, err error) error {
	if core.KindOf(err) == core.KindNotFound {
		return core.Errorf(core.KindNotFound, "function %s not found", name.Name)
	}
	return err
}
