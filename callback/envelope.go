package callback

import (
	"encoding/json"
	"net/http"

	"github.com/hearth-faas/hearth/core"
)

// envelope is what a destination gets; docs/callbacks.md describes it.
type envelope struct {
	Version       string            `json:"version"`
	On            core.Occasion     `json:"on"`
	ActivationID  core.ActivationID `json:"activationId"`
	Namespace     string            `json:"namespace"`
	Action        string            `json:"action"`
	ActionVersion string            `json:"actionVersion"`
	Cause         core.ActivationID `json:"cause,omitempty"`
	Depth         int               `json:"depth"`
	Success       bool              `json:"success"`
	Status        string            `json:"status"`
	StatusCode    core.Status       `json:"statusCode"`
	Reason        core.Reason       `json:"reason,omitempty"`
	Start         int64             `json:"start"`
	End           int64             `json:"end,omitempty"`
	Duration      int64             `json:"duration"`
	Request       core.JSON         `json:"request,omitempty"`
	Result        core.JSON         `json:"result,omitempty"`
	Omitted       []string          `json:"omitted,omitempty"`
}

// maxEnvelope bounds an envelope, in bytes: it has to pass as the payload of
// an action.
const maxEnvelope = core.MaxPayload

// envelopeOf is the shape of core.FormEnvelope. What is too large is left
// out, the request first.
func envelopeOf(d *core.Delivery) (Message, error) {
	a := &d.Activation
	out := a.Outcome
	e := envelope{
		Version: "1", On: d.Callback.On, ActivationID: a.ID, Namespace: a.Namespace,
		Action: a.Action.String(), ActionVersion: a.Version.String(), Cause: a.Cause.Parent, Depth: a.Depth,
		Success: out.Status == core.StatusSuccess, Status: out.Status.String(), StatusCode: out.Status, Reason: out.Reason,
		Start: out.Start.UnixMilli(), Duration: out.Duration.Milliseconds(), Request: a.Payload, Result: out.Result,
	}
	if !out.End.IsZero() {
		e.End = out.End.UnixMilli()
	}
	if len(e.Request)+len(e.Result) > maxEnvelope-4096 {
		e.Omitted, e.Request = append(e.Omitted, "request"), nil
	}
	if len(e.Result) > maxEnvelope-4096 {
		e.Omitted, e.Result = append(e.Omitted, "result"), nil
	}
	body, err := json.Marshal(e)
	return Message{Header: http.Header{"Content-Type": {"application/json"}}, Body: body}, err
}
