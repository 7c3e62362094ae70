package userevents

import (
	"errors"
	"strconv"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
)

const (
	// most is how many actions, by who calls them, have metrics of their own;
	// all others share one. The same goes for namespaces that met a limit.
	most = 1000
	// other is the label of those.
	other = "other"
)

// metrics have the names of OpenWhisk's user-events service: dashboards read
// them.
type metrics struct {
	activations, coldStarts, status, codes *prometheus.CounterVec
	wait, init, duration, size             *prometheus.HistogramVec
	memory                                 *prometheus.GaugeVec
	limits                                 map[control.Limit]*prometheus.CounterVec

	mu      sync.Mutex
	actions map[labels]struct{}
	tenants map[string]struct{}
}

// labels tell actions apart.
type labels struct{ namespace, initiator, action string }

func newMetrics(r prometheus.Registerer) (*metrics, error) {
	var failed error
	counter := func(name, help string, more ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "openwhisk_action_" + name, Help: help}, more)
		failed = errors.Join(failed, r.Register(c))
		return c
	}
	of := func(more ...string) []string { return append([]string{"namespace", "initiator", "action"}, more...) }
	histogram := func(name, help string, buckets []float64) *prometheus.HistogramVec {
		h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "openwhisk_action_" + name, Help: help, Buckets: buckets}, of())
		failed = errors.Join(failed, r.Register(h))
		return h
	}
	m := &metrics{
		activations: counter("activations_total", "Activations that have ended.", of("kind", "memory")...),
		coldStarts:  counter("coldStarts_total", "Activations that initialised a container.", of()...),
		status:      counter("status", "Activations by how they ended.", of("status")...),
		codes:       counter("status_code", "Activations by the statusCode of their result.", of("statusCode")...),
		wait:        histogram("waitTime_seconds", "Time from accept to start.", prometheus.DefBuckets),
		init:        histogram("initTime_seconds", "Time to initialise a container.", prometheus.DefBuckets),
		duration:    histogram("duration_seconds", "Time that the action ran, its initialisation included.", prometheus.DefBuckets),
		size:        histogram("response_size_bytes", "Size of the result.", prometheus.ExponentialBuckets(64, 4, 8)),
		memory: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "openwhisk_action_memory", Help: "Memory of the action's containers, in MB.",
		}, of()),
		limits: map[control.Limit]*prometheus.CounterVec{
			control.LimitConcurrent: counter("limit_concurrent_total", "Calls refused since too many were in flight.", "namespace"),
			control.LimitRate:       counter("limit_timed_total", "Calls refused since too many came in the minute.", "namespace"),
		},
		actions: map[labels]struct{}{}, tenants: map[string]struct{}{},
	}
	return m, errors.Join(failed, r.Register(m.memory))
}

func (m *metrics) ended(a *core.Activation, out core.Outcome, code int) {
	action := a.Action.Local()
	l, kind, memory := labels{a.Action.Namespace, a.Namespace, action}, a.Kind, strconv.Itoa(a.Limits.Memory)
	if !admit(&m.mu, m.actions, l) {
		l, kind, memory = labels{other, other, other}, other, other
	}
	of := []string{l.namespace, l.initiator, l.action}
	m.activations.WithLabelValues(append(of, kind, memory)...).Inc()
	m.status.WithLabelValues(append(of, statusOf(out.Status))...).Inc()
	if code > 0 {
		m.codes.WithLabelValues(append(of, codeOf(code))...).Inc()
	}
	m.wait.WithLabelValues(of...).Observe(out.WaitTime.Seconds())
	m.duration.WithLabelValues(of...).Observe(out.Duration.Seconds())
	m.size.WithLabelValues(of...).Observe(float64(out.Size))
	if memory != other {
		m.memory.WithLabelValues(of...).Set(float64(a.Limits.Memory))
	}
	if out.InitTime > 0 {
		m.coldStarts.WithLabelValues(of...).Inc()
		m.init.WithLabelValues(of...).Observe(out.InitTime.Seconds())
	}
}

func (m *metrics) refused(namespace string, limit control.Limit) {
	if !admit(&m.mu, m.tenants, namespace) {
		namespace = other
	}
	m.limits[limit].WithLabelValues(namespace).Inc()
}

// admit says whether the key may have metrics of its own.
func admit[K comparable](mu *sync.Mutex, known map[K]struct{}, key K) bool {
	mu.Lock()
	defer mu.Unlock()
	if _, ok := known[key]; ok {
		return true
	}
	if len(known) >= most {
		return false
	}
	known[key] = struct{}{}
	return true
}

// codeOf is the label of a status code: those of HTTP, and one for all others,
// which actions could make up without end.
func codeOf(code int) string {
	if code < 100 || code > 599 {
		return other
	}
	return strconv.Itoa(code)
}

// statusOf is OpenWhisk's label of a status.
func statusOf(s core.Status) string {
	switch s {
	case core.StatusSuccess:
		return "success"
	case core.StatusApplicationError:
		return "application_error"
	case core.StatusDeveloperError:
		return "developer_error"
	case core.StatusInternalError:
	}
	return "internal_error"
}
