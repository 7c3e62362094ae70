package worker

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/hearth-faas/hearth/core"
)

// FunctionCall passes a request to a replica of a function, wherever it is,
// as direct.Router.Serve does. An error means that nothing was written.
type FunctionCall func(w http.ResponseWriter, r *http.Request, name core.Name) error

// What users read when a function could not be called.
const (
	msgReplica  = "The function has no replica that answers."
	msgFunction = "The function did not answer within its time limit."
	msgRequest  = "The request for the function cannot be read."
)

// internal begins the names of parameters that the platform adds.
const internal = "__ow_"

// runFunction runs an activation of a function, and once more later where the
// function wants that.
func (j *job) runFunction(ctx context.Context) {
	j.began = time.Now()
	limited, cancel := context.WithTimeout(ctx, j.a.Limits.Timeout)
	defer cancel()
	answer := &answer{header: http.Header{}}
	r, err := j.request(limited)
	if err != nil {
		j.end(ctx, failed(core.StatusDeveloperError, core.ReasonNone, msgRequest))
		return
	}
	err = j.w.deps.Function(answer, r, j.a.Action)
	switch {
	case errors.Is(context.Cause(ctx), errCancelled):
		j.end(ctx, failed(core.StatusInternalError, core.ReasonCancelled, msgCancelled))
		return
	case err != nil && ctx.Err() != nil:
		j.stopped(ctx)
		return
	}
	late := err != nil && (limited.Err() != nil || errors.Is(err, context.DeadlineExceeded))
	policy := j.retries(ctx)
	if wait, again := policy.next(j.a.Retries, answer, err != nil, time.Now()); again && j.postpone(ctx, wait) {
		return
	}
	if policy.attempts > 0 {
		answer.header.Set("X-Retry", fmt.Sprint(j.a.Retries))
		answer.header.Set("X-Retry-Max", fmt.Sprint(policy.attempts))
	}
	switch {
	case late:
		out := failed(core.StatusDeveloperError, core.ReasonNone, msgFunction)
		out.TimedOut = true
		j.end(ctx, out)
	case err != nil:
		j.log.Warn("function was not called", "err", err)
		j.end(ctx, failed(core.StatusDeveloperError, core.ReasonNone, msgReplica))
	case j.a.Raw:
		j.end(ctx, answer.response())
	default:
		j.end(ctx, answer.outcome())
	}
}

// request is what the function is sent: the request that was queued for it, or
// the parameters as the body of one.
func (j *job) request(ctx context.Context) (*http.Request, error) {
	if !j.a.Raw {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, "/", bytes.NewReader(public(j.a.Input)))
		if err != nil {
			return nil, err
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-Call-Id", string(j.a.ID))
		r.RemoteAddr = "127.0.0.1"
		return r, nil
	}
	q, err := core.DecodeRequest(j.a.Input)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, q.URI, bytes.NewReader(q.Body))
	if err != nil {
		return nil, err
	}
	if q.Header != nil {
		r.Header = q.Header
	}
	r.Host, r.RemoteAddr = q.Host, q.Client
	return r, nil
}

// retries is when the function is to be called again.
func (j *job) retries(ctx context.Context) retries {
	if !j.a.Raw {
		return retries{}
	}
	f, err := j.w.deps.Plane.Fleet().Find(ctx, j.a.Action)
	if err != nil || f.Action.Function == nil {
		return retries{}
	}
	return retriesOf(f.Action.Function.Annotations)
}

// postpone queues the activation for later. It reports false when that could
// not be written, and the attempt then counts.
func (j *job) postpone(ctx context.Context, wait time.Duration) bool {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	err := persist(ctx, func(ctx context.Context) error { return j.w.deps.Plane.Postpone(ctx, j.a, wait) })
	switch {
	case core.KindOf(err) == core.KindConflict && err != nil:
		return true // somebody else's now, or written before its answer was lost
	case err != nil:
		j.log.Warn("function is not called again", "err", err)
		return false
	}
	j.log.Info("function will be called again", "after", wait, "retries", j.a.Retries+1)
	return true
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
