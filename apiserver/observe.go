package apiserver

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
)

// metrics of the server itself.
type metrics struct {
	seconds *prometheus.HistogramVec
	flight  prometheus.Gauge
	system  *systemMetrics
}

func newMetrics(r prometheus.Registerer) (*metrics, error) {
	system, err := newSystemMetrics(r)
	m := &metrics{
		system: system,
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "hearth_http_request_duration_seconds",
			Help:    "Time to answer a request, by method, route and status code.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60},
		}, []string{"method", "route", "code"}),
		flight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "hearth_http_requests_in_flight",
			Help: "Requests that are being answered.",
		}),
	}
	return m, errors.Join(err, r.Register(m.seconds), r.Register(m.flight))
}

// observe measures each request and writes its line in the log.
func (s *Server) observe(m *metrics) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			start := time.Now()
			m.flight.Inc()
			defer m.flight.Dec()
			if err := next(c); err != nil {
				s.echo.HTTPErrorHandler(err, c) // here, so that the status is known below
			}
			took, status := time.Since(start), c.Response().Status
			route, method := c.Path(), knownMethod(c.Request().Method)
			m.seconds.WithLabelValues(method, route, strconv.Itoa(status)).Observe(took.Seconds())
			m.system.observe(method, route, status, took)
			s.log.LogAttrs(c.Request().Context(), slog.LevelInfo, "request",
				slog.String("method", method), slog.String("route", route), slog.Int("status", status),
				slog.Duration("took", took), slog.String("tid", c.Response().Header().Get(echo.HeaderXRequestID)))
			return nil
		}
	}
}

// knownMethod keeps clients from making labels of metrics.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}

// recover turns a panic of a handler into an internal error.
func (s *Server) recover(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			if p := recover(); p != nil {
				if p == http.ErrAbortHandler { //nolint:errorlint // compared by identity, as net/http does
					panic(p)
				}
				err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
			}
		}()
		return next(c)
	}
}
