package openfaas

import (
	"encoding/json"
	"net/http"

	"github.com/hearth-faas/hearth/core"
)

// scaleFunction sets how many replicas are wanted, 0 included. The name is in
// the path, the body, or both.
func (d *Dialect) scaleFunction(r *request) error {
	var in struct {
		Name      string  `json:"serviceName"`
		Replicas  *uint64 `json:"replicas"`
		Namespace string  `json:"namespace"`
	}
	body, err := r.body()
	if err != nil {
		return err
	}
	if json.Unmarshal(body, &in) != nil {
		return core.Errorf(core.KindInvalid, "Error unmarshalling request body")
	}
	who, name, err := d.addressed(r, r.Param("name"), in.Namespace)
	if err != nil {
		return err
	}
	replicas := 0
	if in.Replicas != nil {
		replicas = int(min(*in.Replicas, 1<<31)) // far more than anybody may have
	}
	if err := d.plane.ScaleFunction(r.ctx(), who, name, replicas); err != nil {
		return named(name, err)
	}
	return r.NoContent(http.StatusAccepted)
}
