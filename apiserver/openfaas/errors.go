package openfaas

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

// failure is an answer that is no success: a status code and a text, which
// clients only print. Failures of control are core.Errors, see statusOf.
type failure struct {
	status int
	text   string // empty for no body
}

// Error returns the text.
func (f *failure) Error() string { return f.text }

var (
	errUnauthenticated = &failure{http.StatusUnauthorized, "invalid credentials"}
	errNoRoute         = &failure{http.StatusNotFound, "404 page not found\n"}
)

func statusOf(kind core.Kind) int {
	switch kind {
	case core.KindInvalid, core.KindOutOfRange, core.KindUnprocessable:
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
	case core.KindUnavailable:
		return http.StatusServiceUnavailable
	case core.KindInternal:
	}
	return http.StatusInternalServerError
}

// answerFor returns the answer to an error and, if known, when to try again.
func answerFor(err error) (failure, time.Duration) {
	if f, ok := errors.AsType[*failure](err); ok {
		return *f, 0
	}
	if he, ok := errors.AsType[*echo.HTTPError](err); ok {
		return failure{he.Code, http.StatusText(he.Code) + "\n"}, 0
	}
	e, ok := errors.AsType[*core.Error](err)
	if !ok {
		return failure{http.StatusInternalServerError, "internal error\n"}, 0
	}
	status := statusOf(e.Kind)
	if e.Message == "" || e.Kind == core.KindUnavailable { // the message of which is for the log
		return failure{status, http.StatusText(status) + "\n"}, e.RetryAfter
	}
	return failure{status, e.Message + "\n"}, e.RetryAfter
}

// render answers with the error, or does nothing when there is none. What is
// not the caller's fault is logged here and nowhere else.
func (d *Dialect) render(c echo.Context, err error) error {
	if err == nil || c.Response().Committed {
		return nil
	}
	f, retry := answerFor(err)
	over := c.Request().Context().Err() != nil // and so is whatever it was doing
	if f.status >= http.StatusInternalServerError && !over {
		d.log.Error("request failed", slog.String("dialect", "openfaas"), slog.String("route", c.Path()),
			slog.Int("status", f.status), slog.Any("err", err))
	}
	h := c.Response().Header()
	if f.status == http.StatusUnauthorized {
		h.Set(echo.HeaderWWWAuthenticate, `Basic realm="Restricted"`)
	}
	if retry > 0 {
		h.Set(echo.HeaderRetryAfter, strconv.Itoa(int(math.Ceil(retry.Seconds()))))
	}
	if f.text == "" {
		return c.NoContent(f.status)
	}
	h.Set(echo.HeaderXContentTypeOptions, "nosniff")
	return c.Blob(f.status, "text/plain; charset=utf-8", []byte(f.text))
}
