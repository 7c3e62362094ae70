package openwhisk

import (
	"bytes"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
)

// headerActivation tells the id of the activation that a call made.
const headerActivation = "X-Openwhisk-Activation-Id"

// headerCallback asks that the end of a call without waiting be told to a URL.
const headerCallback = "X-Callback-Url"

type idJSON struct {
	ActivationID core.ActivationID `json:"activationId"`
}

// invoke runs an action. The order of the checks is OpenWhisk's, and clients
// see it: rates, rights and existence, size, form.
func (d *Dialect) invoke(r *request) error {
	q, err := waitOf(r.QueryParams(), d.opt.MaxWait)
	if err != nil {
		return err
	}
	target, err := d.plane.AdmitResolve(r.ctx(), r.who, r.name())
	if err != nil {
		return err
	}
	if err := payloadSize(r.Request()); err != nil {
		return err
	}
	body, err := payload(r.Request())
	if err != nil {
		return err
	}
	if err := d.runnable(target.Action); err != nil {
		return err
	}
	call := control.Call{
		Subject: r.who, APIKey: r.key.String(), Target: target,
		Payload: body, TransactionID: tid(r), Arrived: r.arrived, Keep: extraLogging(r.Request()),
	}
	if err := schedule(r, &call); err != nil {
		return err
	}
	if !q.blocking {
		if at := r.Request().Header.Get(headerCallback); at != "" {
			call.Callback = &core.Callback{URL: at, Form: core.FormActivation}
		}
		id, err := d.plane.Invoke(r.ctx(), call)
		r.replayed(call.Once)
		if err != nil {
			return err
		}
		return r.accepted(id)
	}
	a, err := d.plane.InvokeAndWait(r.ctx(), call, q.timeout)
	r.replayed(call.Once)
	if err != nil {
		return err
	}
	return r.finished(a, q.result)
}

// extraLogging says whether the caller wants a record in any case.
func extraLogging(req *http.Request) bool {
	return strings.EqualFold(req.Header.Get("X-OW-EXTRA-LOGGING"), "on")
}

// accepted answers with the id of an activation that has not ended, and says
// where its record will be.
func (r *request) accepted(id core.ActivationID) error {
	h := r.Response().Header()
	h.Set(headerActivation, string(id))
	h.Set(echo.HeaderLocation, namespaces+"/"+core.Self+"/activations/"+string(id))
	return writeJSON(r, http.StatusAccepted, idJSON{id})
}

// finished answers a blocking call: with the result alone when it is asked
// for or is an array, with the record otherwise.
func (r *request) finished(a *core.Activation, resultOnly bool) error {
	if a.State != core.StateDone {
		return r.accepted(a.ID)
	}
	r.Response().Header().Set(headerActivation, string(a.ID))
	status := resultStatus(a.Outcome.Status)
	if resultOnly || bytes.HasPrefix(bytes.TrimLeft(a.Outcome.Result, " \t\r\n"), []byte("[")) {
		return writeJSON(r, status, resultOf(a))
	}
	record := activationOf(a)
	record.Logs = blockingLogs(a)
	return writeJSON(r, status, record)
}

// blockingLogs are the logs that a blocking answer shows: none, since they
// come later than the result, except the ids of a sequence's steps.
func blockingLogs(a *core.Activation) []string {
	if a.Kind == core.KindSequence && a.Outcome.Logs != nil {
		return a.Outcome.Logs
	}
	return []string{}
}

// resultStatus is the status code of a blocking call by the way it ended.
func resultStatus(s core.Status) int {
	switch s {
	case core.StatusSuccess:
		return http.StatusOK
	case core.StatusApplicationError, core.StatusDeveloperError:
		return http.StatusBadGateway
	case core.StatusInternalError:
	}
	return http.StatusInternalServerError
}
