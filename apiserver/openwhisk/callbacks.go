package openwhisk

import (
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

const callbacks = "callbacks"

// callbackJSON is a delivery of a callback. Result and payload of the
// activation are not shown: its record has them.
type callbackJSON struct {
	ID           string            `json:"id"`
	On           core.Occasion     `json:"on"`
	State        string            `json:"state"`
	URL          string            `json:"url,omitempty"`
	Entity       string            `json:"entity,omitempty"`
	Namespace    string            `json:"namespace"`
	Name         string            `json:"name"`
	ActivationID core.ActivationID `json:"activationId"`
	Made         int64             `json:"made"`
	Over         *int64            `json:"over,omitempty"`
	Why          string            `json:"why,omitempty"`
	Tries        int               `json:"tries"`
	Attempts     []attemptJSON     `json:"attempts"`
}

type attemptJSON struct {
	At       int64  `json:"at"`
	Duration int64  `json:"duration"`
	Status   int    `json:"status,omitempty"`
	Error    string `json:"error,omitempty"`
}

func callbackOf(d *core.Delivery) callbackJSON {
	out := callbackJSON{
		ID: d.ID, On: d.Callback.On, State: string(d.State), URL: d.Callback.URL,
		Namespace: d.Activation.Namespace, Name: d.Activation.Action.Name, ActivationID: d.Activation.ID,
		Made: d.Made.UnixMilli(), Over: millis(d.Over), Why: d.Why, Tries: d.Tries,
		Attempts: make([]attemptJSON, len(d.History)),
	}
	if !d.Callback.Entity.IsZero() {
		out.Entity = d.Callback.Entity.String()
	}
	for i, a := range d.History {
		out.Attempts[i] = attemptJSON{a.At.UnixMilli(), a.Duration.Milliseconds(), a.Status, a.Error}
	}
	return out
}

func (d *Dialect) listCallbacks(r *request) error {
	q, err := listOf(r.QueryParams(), callbacks)
	if err != nil {
		return err
	}
	if err := r.own(r.namespace()); err != nil {
		return err
	}
	state := core.DeliveryState(r.QueryParam("state"))
	switch state {
	case "", core.DeliveryPending, core.DeliveryDead:
	default:
		return malformedQuery("state", "Expected 'pending' or 'dead' but got '"+string(state)+"'.")
	}
	list, err := d.plane.Callbacks(r.ctx(), r.who, state, q.Page)
	if err != nil {
		return err
	}
	return r.ok(each(list, callbackOf))
}

// callbackID returns the id in the path, once the namespace is the caller's.
func (r *request) callbackID() (string, error) {
	if err := r.own(r.namespace()); err != nil {
		return "", err
	}
	id := r.Param("callback")
	_, _, err := core.ParseDeliveryID(id)
	return id, err
}

func (d *Dialect) getCallback(r *request) error {
	id, err := r.callbackID()
	if err != nil {
		return err
	}
	got, err := d.plane.Callback(r.ctx(), r.who, id)
	if err != nil {
		return err
	}
	return r.ok(callbackOf(got))
}

// redriveCallback attempts one again that was given up.
func (d *Dialect) redriveCallback(r *request) error {
	id, err := r.callbackID()
	if err != nil {
		return err
	}
	if err := d.plane.RedriveCallback(r.ctx(), r.who, id); err != nil {
		return err
	}
	return d.getCallback(r)
}

func (d *Dialect) deleteCallback(r *request) error {
	id, err := r.callbackID()
	if err != nil {
		return err
	}
	got, err := d.plane.Callback(r.ctx(), r.who, id)
	if err != nil {
		return err
	}
	if err := d.plane.PurgeCallback(r.ctx(), r.who, id); err != nil {
		return err
	}
	return r.ok(callbackOf(got))
}

// numberJSON says how many callbacks something was done to.
type numberJSON struct {
	Callbacks int `json:"callbacks"`
}

// redriveCallbacks attempts all again that were given up.
func (d *Dialect) redriveCallbacks(r *request) error {
	if err := r.own(r.namespace()); err != nil {
		return err
	}
	n, err := d.plane.RedriveCallbacks(r.ctx(), r.who)
	if err != nil {
		return err
	}
	return r.ok(numberJSON{n})
}

// deleteCallbacks deletes all that were given up.
func (d *Dialect) deleteCallbacks(r *request) error {
	if err := r.own(r.namespace()); err != nil {
		return err
	}
	n, err := d.plane.PurgeCallbacks(r.ctx(), r.who)
	if err != nil {
		return err
	}
	return r.ok(numberJSON{n})
}

// signingJSON is what signs callbacks; it is a secret of the namespace.
type signingJSON struct {
	Secret string `json:"secret"`
	Old    string `json:"old,omitempty"`
	Until  *int64 `json:"until,omitempty"` // when the old one ends
}

func signingOf(s store.Signing) signingJSON {
	out := signingJSON{Secret: s.Secret, Old: s.Old}
	if s.Old != "" {
		out.Until = millis(s.Until)
	}
	return out
}

func (d *Dialect) getSigning(r *request) error {
	if err := r.own(r.namespace()); err != nil {
		return err
	}
	s, err := d.plane.SigningSecret(r.ctx(), r.who)
	if err != nil {
		return err
	}
	r.Response().Header().Set("Cache-Control", "no-store")
	return r.ok(signingOf(s))
}

func (d *Dialect) rotateSigning(r *request) error {
	if err := r.own(r.namespace()); err != nil {
		return err
	}
	s, err := d.plane.RotateSigningSecret(r.ctx(), r.who)
	if err != nil {
		return err
	}
	r.Response().Header().Set("Cache-Control", "no-store")
	return r.ok(signingOf(s))
}
