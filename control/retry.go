package control

import (
	"bytes"
	"context"
	"encoding/json"
	"time"

	"github.com/hearth-faas/hearth/core"
)

// retryOf reads the annotation retry: a number of attempts, or an object with
// attempts, backoff and codes. What makes no sense in it is passed over.
func retryOf(annotations core.Params) core.Retry {
	v, _ := annotations.Get("retry")
	var r core.Retry
	if json.Unmarshal(v, &r.Attempts) == nil {
		return clamped(r)
	}
	var o struct {
		Attempts int
		Backoff  json.RawMessage
		Codes    []int
	}
	if json.Unmarshal(v, &o) != nil {
		return core.Retry{}
	}
	r = core.Retry{Attempts: o.Attempts, Codes: o.Codes}
	text := string(bytes.Trim(o.Backoff, "\" "))
	if d, err := duration(text); err == nil {
		r.Backoff = d
	}
	return clamped(r)
}

func clamped(r core.Retry) core.Retry {
	r.Attempts = max(0, min(r.Attempts, core.MaxAttempts))
	r.Backoff = max(0, min(r.Backoff, core.MaxBackoff)).Truncate(time.Millisecond)
	return r
}

// again has a run that failed followed by another, where the action asks for
// it. It reports false when the activation is to end now.
func (p *Plane) again(ctx context.Context, a *core.Activation, out core.Outcome) (bool, error) {
	if a.Retry.Attempts < 2 || a.Kind == core.KindFunction { // functions have retries of their own
		return false, nil
	}
	pause, ok := a.Retry.After(a.Retries, out.Status, statusCode(out.Result))
	if !ok {
		return false, nil
	}
	if err := p.Postpone(ctx, a, pause); err != nil {
		return false, err
	}
	a.State = core.StateQueued
	return true, nil
}

// runs is how many runs an activation took that ends now, where it was more
// than one; otherwise 0.
func runs(a *core.Activation) int {
	if a.Retries == 0 {
		return 0
	}
	return a.Retries + 1
}

// statusCode is the member statusCode of a result, or of the error in it; 0
// for none.
func statusCode(result core.JSON) int {
	type coded struct {
		StatusCode int             `json:"statusCode"`
		Error      json.RawMessage `json:"error"`
	}
	var r, e coded
	if !bytes.Contains(result, []byte(`"statusCode"`)) || json.Unmarshal(result, &r) != nil {
		return 0
	}
	if json.Unmarshal(r.Error, &e) == nil && e.StatusCode > 0 {
		return e.StatusCode
	}
	return r.StatusCode
}
