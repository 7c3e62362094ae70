package openwhisk

import (
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/hearth-faas/hearth/core"
)

// failure is an answer that is no success: a status code and OpenWhisk's text
// for it. Failures of control are core.Errors, see statusOf.
type failure struct {
	status int
	text   string
}

func (f *failure) Error() string { return f.text }

// OpenWhisk's texts for a status without a more special reason.
var texts = map[int]string{ //nolint:gochecknoglobals // a constant in all but form
	http.StatusBadRequest:            "The request contains bad syntax or cannot be fulfilled.",
	http.StatusUnauthorized:          "The supplied authentication is invalid",
	http.StatusForbidden:             "The supplied authentication is not authorized to access this resource.",
	http.StatusNotFound:              "The requested resource does not exist.",
	http.StatusMethodNotAllowed:      "HTTP method not allowed.",
	http.StatusConflict:              "The request could not be processed because of conflict in the request, such as an edit conflict.",
	http.StatusRequestEntityTooLarge: "The request content is larger than the server is willing or able to process.",
	http.StatusUnprocessableEntity:   "The request could not be processed because it contradicts itself.",
	http.StatusTooManyRequests:       "Too many requests.",
	http.StatusInternalServerError:   "There was an internal server error.",
	http.StatusServiceUnavailable:    "The server is currently unavailable (because it is overloaded or down for maintenance).",
}

// The failures that more than one handler has.
var (
	errNoRoute        = &failure{http.StatusNotFound, "The requested resource could not be found."}
	errNoCredentials  = &failure{http.StatusUnauthorized, "The resource requires authentication, which was not supplied with the request"}
	errBadCredentials = &failure{http.StatusUnauthorized, texts[http.StatusUnauthorized]}
	errNotAccessible  = &failure{http.StatusNotFound, texts[http.StatusNotFound]}
	errTooLarge       = &failure{http.StatusRequestEntityTooLarge, texts[http.StatusRequestEntityTooLarge]}
)

// badRequest is a 400 with a text of its own.
func badRequest(text string) error { return &failure{http.StatusBadRequest, text} }

// malformedPrefix begins the text for a body that makes no sense, or asks for
// too much.
const malformedPrefix = "The request content was malformed:\n"

// malformed is the 400 for a body.
func malformed(detail string) error { return badRequest(malformedPrefix + detail) }

// malformedBy is the 400 for a body that err objects to.
func malformedBy(err error) error {
	var e *core.Error
	if errors.As(err, &e) {
		return malformed(e.Message)
	}
	return malformed(err.Error())
}

// malformedQuery is the 400 for a query parameter.
func malformedQuery(name, detail string) error {
	return badRequest("The query parameter '" + name + "' was malformed:\n" + detail)
}

// statusOf is the one place where kinds of failure become status codes.
func statusOf(kind core.Kind) int {
	switch kind {
	case core.KindInvalid, core.KindOutOfRange:
		return http.StatusBadRequest
	case core.KindUnauthenticated:
		return http.StatusUnauthorized
	case core.KindForbidden:
		return http.StatusForbidden
	case core.KindNotFound:
		return http.StatusNotFound
	case core.KindConflict:
		return http.StatusConflict
	case core.KindTooLarge:
		return http.StatusRequestEntityTooLarge
	case core.KindThrottled:
		return http.StatusTooManyRequests
	case core.KindUnprocessable:
		return http.StatusUnprocessableEntity
	case core.KindUnavailable:
		return http.StatusServiceUnavailable
	case core.KindInternal:
	}
	return http.StatusInternalServerError
}

// answerFor turns any error into the status and text that a client sees, and
// says after what time it may try again, if that is known.
func answerFor(err error) (failure, time.Duration) {
	var f *failure
	if errors.As(err, &f) {
		return *f, 0
	}
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return *errTooLarge, 0
	}
	var he *echo.HTTPError
	if errors.As(err, &he) {
		if he.Code == http.StatusNotFound {
			return *errNoRoute, 0
		}
		return failure{he.Code, textOr(he.Code, http.StatusText(he.Code))}, 0
	}
	var e *core.Error
	if !errors.As(err, &e) {
		return failure{http.StatusInternalServerError, texts[http.StatusInternalServerError]}, 0
	}
	status := statusOf(e.Kind)
	// The message of an unavailable dependency is for the log.
	if e.Message == "" || e.Kind == core.KindUnavailable {
		return failure{status, texts[status]}, e.RetryAfter
	}
	if e.Kind == core.KindOutOfRange {
		return failure{status, malformedPrefix + e.Message}, 0
	}
	return failure{status, e.Message}, e.RetryAfter
}

func textOr(status int, other string) string {
	if text, ok := texts[status]; ok {
		return text
	}
	return other
}

// render answers with the error, or does nothing when there is none. What is
// not the caller's fault is logged here and nowhere else.
func (d *Dialect) render(c echo.Context, err error) error {
	if err == nil {
		return nil
	}
	return d.renderAs(c, err, writeJSON)
}

// RenderError is render as an echo.HTTPErrorHandler, for requests that no
// route of any dialect has taken.
func (d *Dialect) RenderError(err error, c echo.Context) {
	if err := d.render(c, err); err != nil {
		d.log.Debug("answer not written", slog.Any("err", err))
	}
}

func (d *Dialect) renderAs(c echo.Context, err error, write func(echo.Context, int, any) error) error {
	if c.Response().Committed {
		return nil
	}
	f, retry := answerFor(err)
	// A request that is over fails with whatever it was doing: the client went
	// away, or the server stops and cuts it off, and nothing was accepted.
	over := c.Request().Context().Err() != nil
	if over {
		f = failure{http.StatusServiceUnavailable, texts[http.StatusServiceUnavailable]}
	}
	if f.status >= http.StatusInternalServerError && !over {
		d.log.Error("request failed", slog.String("dialect", "openwhisk"), slog.String("tid", tid(c)),
			slog.String("route", c.Path()), slog.Int("status", f.status), slog.Any("err", err))
	}
	h := c.Response().Header()
	if f.status == http.StatusUnauthorized {
		h.Set(echo.HeaderWWWAuthenticate, `Basic realm="OpenWhisk secure realm"`)
	}
	if retry > 0 {
		h.Set(echo.HeaderRetryAfter, strconv.Itoa(int(math.Ceil(retry.Seconds()))))
	}
	return write(c, f.status, errorBody{f.text, tid(c)})
}

// errorBody is the body of every answer that is an error. wsk shows it only
// with both keys.
type errorBody struct {
	Error string `json:"error"`
	Code  string `json:"code"`
}
