package openwhisk

import (
	"net/http"
	"strings"
	"time"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
)

// Headers of calls that OpenWhisk does not know.
const (
	headerOnce     = "Idempotency-Key"
	headerReplayed = "Idempotent-Replayed"
	headerDelay    = "X-Hearth-Delay"
	headerMaxAge   = "X-Hearth-Max-Age"
	headerPriority = "X-Hearth-Priority"
)

// single returns the value of a header that must not be there twice.
func single(h http.Header, name string) (string, bool, error) {
	values := h.Values(name)
	if len(values) > 1 {
		return "", false, badRequest("The header '" + name + "' was sent more than once.")
	}
	if len(values) == 0 {
		return "", false, nil
	}
	return strings.TrimSpace(values[0]), true, nil
}

// onceOf reads the idempotency key of a call, nil if it has none.
func onceOf(h http.Header) (*control.Once, error) {
	value, ok, err := single(h, headerOnce)
	if err != nil || !ok {
		return nil, err
	}
	return control.ParseOnce(value)
}

// schedule reads when and before what else a call is to run.
func schedule(r *request, call *control.Call) (err error) {
	h := r.Request().Header
	if call.Once, err = onceOf(h); err != nil {
		return err
	}
	delay, ok, err := single(h, headerDelay)
	if err != nil {
		return err
	}
	if query := r.QueryParam("delay"); query != "" && !ok {
		delay, ok = query, true
	}
	if ok {
		if call.Delay, err = control.ParseDelay(delay, time.Now()); err != nil {
			return err
		}
	}
	age, ok, err := single(h, headerMaxAge)
	if err == nil && ok {
		call.MaxAge, err = control.ParseMaxAge(age)
	}
	if err != nil {
		return err
	}
	priority, ok, err := single(h, headerPriority)
	if err == nil && ok {
		call.Priority, err = core.ParsePriority(strings.ToLower(priority))
	}
	return err
}

// replayed tells a caller that an earlier call with the same key did the work,
// and which activation that was, also where the answer is a conflict.
func (r *request) replayed(once *control.Once) {
	if once == nil || !once.Replayed {
		return
	}
	h := r.Response().Header()
	h.Set(headerReplayed, "true")
	h.Set(headerActivation, string(once.ID))
}

// cancelActivation ends an activation that has not ended.
func (d *Dialect) cancelActivation(r *request) error {
	if err := r.own(r.namespace()); err != nil {
		return err
	}
	id := core.ActivationID(r.Param("id"))
	if err := d.plane.Cancel(r.ctx(), r.who, id); err != nil {
		return err
	}
	return r.accepted(id)
}
