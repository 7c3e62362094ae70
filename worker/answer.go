package worker

import (
	"encoding/json"
	"net/http"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/worker/protocol/whisk"
)

const msgTooLarge = "The function's answer is too large for a result."

// answer is what a function said, as far as a result can hold it.
type answer struct {
	header http.Header
	status int
	body   []byte
	more   int // bytes beyond core.MaxResult
}

// Header returns the headers.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader notes the final status.
func (a *answer) WriteHeader(status int) {
	if a.status == 0 && status >= http.StatusOK {
		a.status = status
	}
}

// Write keeps what a result can hold.
func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	keep := min(len(p), core.MaxResult-len(a.body))
	a.body = append(a.body, p[:keep]...)
	a.more += len(p) - keep
	return len(p), nil
}

// outcome is the result: an object that the function answered with is the
// result itself, anything else is put into one like that of a web action. A
// status from 400 on is an application error.
func (a *answer) outcome() core.Outcome {
	if a.more > 0 {
		return whisk.Failed(core.StatusDeveloperError, msgTooLarge)
	}
	var object map[string]json.RawMessage
	if a.status < http.StatusBadRequest && json.Unmarshal(a.body, &object) == nil && object != nil {
		out := core.Outcome{Status: core.StatusSuccess, Result: core.JSON(a.body), Size: len(a.body)}
		if _, ok := object["error"]; ok {
			out.Status = core.StatusApplicationError
		}
		return out
	}
	headers := map[string]string{}
	for name := range a.header {
		headers[name] = a.header.Get(name)
	}
	wrapped := map[string]any{"statusCode": a.status, "headers": headers, "body": string(a.body)}
	out := core.Outcome{Status: core.StatusSuccess}
	if a.status >= http.StatusBadRequest {
		out.Status = core.StatusApplicationError
		wrapped = map[string]any{"error": wrapped}
	}
	result, err := json.Marshal(wrapped)
	if err != nil {
		return whisk.Failed(core.StatusDeveloperError, "The function's answer cannot be a result.")
	}
	out.Result, out.Size = result, len(result)
	return out
}

// response is the answer as it was, which is what queued requests come to.
func (a *answer) response() core.Outcome {
	if a.more > 0 {
		return whisk.Failed(core.StatusDeveloperError, msgTooLarge)
	}
	out := core.Outcome{Status: core.StatusSuccess}
	if a.status >= http.StatusBadRequest {
		out.Status = core.StatusApplicationError
	}
	var err error
	if out.Result, err = core.EncodeResponse(core.Response{Status: a.status, Header: a.header, Body: a.body}); err != nil {
		return whisk.Failed(core.StatusDeveloperError, "The function's answer cannot be a result.")
	}
	out.Size = len(a.body)
	return out
}
