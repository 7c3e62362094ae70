package worker

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/worker/protocol/whisk"
)

// FunctionCall passes a request to a replica of a function, wherever it is,
// as direct.Router.Serve does. An error means that nothing was written.
type FunctionCall func(w http.ResponseWriter, r *http.Request, name core.Name) error

// What users read when a function could not be called.
const (
	msgReplica  = "The function has no replica that answers."
	msgFunction = "The function did not answer within its time limit."
)

// internal begins the names of parameters that the platform adds.
const internal = "__ow_"

// runFunction runs an activation of a function: its parameters are the body
// of a POST, and the answer is the result.
func (j *job) runFunction(ctx context.Context) {
	j.began = time.Now()
	limited, cancel := context.WithTimeout(ctx, j.a.Limits.Timeout)
	defer cancel()
	answer := &answer{header: http.Header{}}
	r, err := http.NewRequestWithContext(limited, http.MethodPost, "/", bytes.NewReader(public(j.a.Input)))
	if err == nil {
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-Call-Id", string(j.a.ID))
		r.RemoteAddr = "127.0.0.1"
		err = j.w.deps.Function(answer, r, j.a.Action)
	}
	switch {
	case err == nil:
		j.end(ctx, answer.outcome())
	case errors.Is(context.Cause(ctx), errCancelled):
		j.end(ctx, failed(core.StatusInternalError, core.ReasonCancelled, msgCancelled))
	case ctx.Err() != nil:
		j.stopped(ctx)
	case limited.Err() != nil, errors.Is(err, context.DeadlineExceeded):
		out := failed(core.StatusDeveloperError, core.ReasonNone, msgFunction)
		out.TimedOut = true
		j.end(ctx, out)
	default:
		j.log.Warn("function was not called", "err", err)
		j.end(ctx, failed(core.StatusDeveloperError, core.ReasonNone, msgReplica))
	}
}

// public is the input without what the platform added.
func public(input core.JSON) []byte {
	var params map[string]json.RawMessage
	if json.Unmarshal(input, &params) != nil {
		return input // an array, from a sequence
	}
	dropped := false
	for name := range params {
		if strings.HasPrefix(name, internal) {
			delete(params, name)
			dropped = true
		}
	}
	if !dropped {
		return input
	}
	body, err := json.Marshal(params)
	if err != nil {
		return input
	}
	return body
}

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
		return whisk.Failed(core.StatusDeveloperError, "The function's answer is too large for a result.")
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
