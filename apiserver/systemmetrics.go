package apiserver

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// systemRoot begins the paths of the function API whose requests are counted
// under the names that OpenFaaS' dashboards ask for.
const systemRoot = "/system/"

// systemMetrics are those.
type systemMetrics struct {
	total   *prometheus.CounterVec
	seconds *prometheus.HistogramVec
}

func newSystemMetrics(r prometheus.Registerer) (*systemMetrics, error) {
	labels := []string{"method", "path", "status"}
	m := &systemMetrics{
		total: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "http_requests_total", Help: "Requests to /system that were answered.",
		}, labels),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "http_request_duration_seconds", Help: "Time to answer a request to /system.",
		}, labels),
	}
	return m, errors.Join(r.Register(m.total), r.Register(m.seconds))
}

// observe counts a request of the route if it is one to /system.
func (m *systemMetrics) observe(method, route string, status int, took time.Duration) {
	if !strings.HasPrefix(route, systemRoot) {
		return
	}
	m.total.WithLabelValues(method, route, strconv.Itoa(status)).Inc()
	m.seconds.WithLabelValues(method, route, strconv.Itoa(status)).Observe(took.Seconds())
}
