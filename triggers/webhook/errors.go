package webhook

import (
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"

	"github.com/hearth-faas/hearth/core"
)

// failure is an answer that is no success.
type failure struct {
	status int
	text   string
}

func (f *failure) Error() string { return f.text }

// The failures that more than one place has.
//
//nolint:gochecknoglobals // errors that are compared are constants in all but form
var (
	// errNoHook is the same for a trigger that has no webhook and for one that
	// is not there, so that nobody learns which triggers there are.
	errNoHook    = core.Errorf(core.KindNotFound, "There is no such webhook.")
	errTooLarge  = core.Errorf(core.KindTooLarge, "The body is larger than a webhook accepts.")
	errMediaType = &failure{http.StatusUnsupportedMediaType, "The webhook does not accept a body of this type."}
	errSlow      = &failure{http.StatusRequestTimeout, "The body did not arrive in time."}
	errMethod    = &failure{http.StatusMethodNotAllowed, "A webhook is called with POST."}
)

// statusOf is the one place where failures become status codes.
func statusOf(err error) (status int, text string) {
	var f *failure
	if errors.As(err, &f) {
		return f.status, f.text
	}
	var no refused
	if errors.As(err, &no) {
		return http.StatusUnauthorized, "The delivery is not authentic: " + no.Error() + "."
	}
	var e *core.Error
	if !errors.As(err, &e) {
		return http.StatusInternalServerError, "There was an internal server error."
	}
	switch e.Kind {
	case core.KindInvalid, core.KindOutOfRange:
		return http.StatusBadRequest, e.Message
	case core.KindUnauthenticated:
		return http.StatusUnauthorized, "The supplied authentication is invalid."
	case core.KindForbidden:
		return http.StatusForbidden, e.Message
	case core.KindNotFound:
		return http.StatusNotFound, e.Message
	case core.KindConflict:
		return http.StatusConflict, e.Message
	case core.KindTooLarge:
		return http.StatusRequestEntityTooLarge, e.Message
	case core.KindThrottled:
		return http.StatusTooManyRequests, e.Message
	case core.KindUnprocessable:
		return http.StatusUnprocessableEntity, e.Message
	case core.KindUnavailable:
		return http.StatusServiceUnavailable, "Nothing was accepted, try again later."
	case core.KindInternal:
	}
	return http.StatusInternalServerError, "There was an internal server error."
}

// answering makes a handler of one that may fail. What is not the caller's
// fault is logged here and nowhere else.
func (h *Handler) answering(do func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		err := do(w, r)
		if err == nil {
			return
		}
		status, text := statusOf(err)
		switch {
		case status < http.StatusInternalServerError:
		case r.Context().Err() != nil: // it failed because the sender went, or the server ends
			status = http.StatusServiceUnavailable
		default:
			h.log.Error("webhook request failed", slog.Int("status", status), slog.Any("err", err))
		}
		var e *core.Error
		if errors.As(err, &e) && e.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(e.RetryAfter.Seconds()))))
		}
		switch status {
		case http.StatusMethodNotAllowed:
			w.Header().Set("Allow", "POST, GET, HEAD, OPTIONS")
		case http.StatusRequestTimeout:
			w.Header().Set("Connection", "close")
		}
		writeJSON(w, status, map[string]string{"error": text, "code": w.Header().Get("X-Request-ID")})
	}
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		status, text = http.StatusInternalServerError, []byte(`{"error":"There was an internal server error."}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(text) // to a sender that has gone
}
