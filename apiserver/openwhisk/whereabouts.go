package openwhisk

import "github.com/hearth-faas/hearth/core"

// whereaboutsJSON says where an activation is, whatever its state. Times are
// milliseconds since 1970.
type whereaboutsJSON struct {
	State    core.State `json:"state"`
	Accepted *int64     `json:"accepted,omitempty"`
	Due      *int64     `json:"due,omitempty"`
	Attempt  int        `json:"attempt"`
	Queue    string     `json:"queue,omitempty"`
	Behind   int        `json:"behind,omitempty"`
	Worker   string     `json:"worker,omitempty"`
	Waiting  string     `json:"waiting,omitempty"`
}

// getStatus answers for activations that have no record yet, too.
func (d *Dialect) getStatus(r *request) error {
	if err := r.own(r.namespace()); err != nil {
		return err
	}
	w, err := d.plane.Whereabouts(r.ctx(), r.who, core.ActivationID(r.Param("id")))
	if err != nil {
		return err
	}
	return r.ok(whereaboutsJSON{w.State, millis(w.Accepted), millis(w.Due), w.Attempt, w.Queue, w.Behind, w.Worker, w.Waiting})
}
