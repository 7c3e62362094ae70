package direct

import (
	"errors"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are those of an OpenFaaS gateway, under its names: dashboards and
// autoscalers read them.
type metrics struct {
	seconds  *prometheus.HistogramVec
	total    *prometheus.CounterVec
	started  *prometheus.CounterVec
	inflight *prometheus.GaugeVec
	dropped  prometheus.Counter
}

func newMetrics(r prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "gateway_functions_seconds", Help: "Time to answer a direct call of a function.", Buckets: prometheus.DefBuckets,
		}, []string{"function_name", "code"}),
		total: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "gateway_function_invocation_total", Help: "Direct calls of functions that were answered.",
		}, []string{"function_name", "code"}),
		started: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "gateway_function_invocation_started", Help: "Direct calls of functions that came in.",
		}, []string{"function_name"}),
		inflight: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "gateway_function_invocation_inflight", Help: "Direct calls of functions that are being answered.",
		}, []string{"function_name"}),
		dropped: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "hearth_function_records_dropped_total", Help: "Direct calls of functions that were to be recorded and were not.",
		}),
	}
	return m, errors.Join(r.Register(m.seconds), r.Register(m.total), r.Register(m.started), r.Register(m.inflight), r.Register(m.dropped))
}

// begin notes a call of a function that exists; what it returns notes its
// end.
func (m *metrics) begin(function string) (end func(code int, took time.Duration)) {
	m.started.WithLabelValues(function).Inc()
	inflight := m.inflight.WithLabelValues(function)
	inflight.Inc()
	return func(code int, took time.Duration) {
		inflight.Dec()
		text := strconv.Itoa(code)
		m.total.WithLabelValues(function, text).Inc()
		m.seconds.WithLabelValues(function, text).Observe(took.Seconds())
	}
}
