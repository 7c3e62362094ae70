package direct

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"

	"github.com/hearth-faas/hearth/core"
)

// statusClientGone is noted, and sent to nobody, when the client has left.
const statusClientGone = 499

// retryAfter is what callers are told to wait, in seconds, for a function
// that has no replica.
const retryAfter = 5

// render answers with an error of the platform's, in plain text.
func (g *Gateway) render(w http.ResponseWriter, r *http.Request, shown string, err error) {
	status, text := g.answer(r, shown, err)
	h := w.Header()
	h.Set(headerCallID, r.Header.Get(headerCallID))
	h.Set(headerStartTime, last(r.Header.Values(headerStartTime)))
	if status != http.StatusMethodNotAllowed {
		h.Set(headerInternal, "gateway")
		h.Set("Content-Type", "text/plain; charset=utf-8")
		h.Set("X-Content-Type-Options", "nosniff")
	}
	switch e, ok := errors.AsType[*core.Error](err); {
	case status == http.StatusServiceUnavailable:
		h.Set("Retry-After", strconv.Itoa(retryAfter))
	case status == http.StatusTooManyRequests && ok && e.RetryAfter > 0:
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(e.RetryAfter.Seconds()))))
	}
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text)) // the client may have left
}

func (g *Gateway) answer(r *http.Request, shown string, err error) (status int, text string) {
	unreachable := "Can't reach service for: " + shown + ".\n"
	switch {
	case r.Context().Err() != nil:
		return statusClientGone, ""
	case errors.Is(err, errMethod):
		return http.StatusMethodNotAllowed, ""
	case errors.Is(err, ErrHeld):
		return http.StatusServiceUnavailable, "No replica of " + shown + " was ready in time.\n"
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusGatewayTimeout, "The function " + shown + " did not answer in time.\n"
	case errors.Is(err, ErrTrouble):
		g.log.Warn("function cannot be started", "action", shown, "err", err)
		return http.StatusInternalServerError, unreachable
	case errors.Is(err, ErrReplica):
		g.log.Warn("replica did not answer", "action", shown, "err", err)
		return http.StatusInternalServerError, unreachable
	}
	switch core.KindOf(err) {
	case core.KindNotFound, core.KindConflict:
		return http.StatusNotFound, "error finding function " + shown + ": no such function\n"
	case core.KindInvalid:
		return http.StatusBadRequest, err.Error() + "\n"
	case core.KindUnauthenticated:
		return http.StatusUnauthorized, "invalid credentials"
	case core.KindTooLarge:
		return http.StatusRequestEntityTooLarge, err.Error() + "\n"
	case core.KindThrottled:
		return http.StatusTooManyRequests, err.Error() + "\n"
	case core.KindUnavailable:
		return http.StatusServiceUnavailable, "The server is currently unavailable.\n"
	default:
		g.log.Error("call of a function failed", "action", shown, "err", err)
		return http.StatusInternalServerError, unreachable
	}
}

func last(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[len(values)-1]
}
