package watchdog

import (
	"bytes"
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// bounds are the buckets of durations in seconds, those that Prometheus has by
// default.
func bounds() [11]float64 { return [...]float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10} }

// series is what is counted for one status and method.
type series struct {
	count   uint64
	sum     float64 // seconds
	buckets [11]uint64
}

type labels struct {
	code   int
	method string
}

func (l labels) String() string { return fmt.Sprintf(`code="%d",method="%s"`, l.code, l.method) }

// metrics counts requests, and serves the numbers in Prometheus's text format.
type metrics struct {
	inflight atomic.Int64

	mu  sync.Mutex
	all map[labels]*series
}

func newMetrics() *metrics { return &metrics{all: make(map[labels]*series)} }

// instrument counts the requests to next.
func (m *metrics) instrument(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begin := time.Now()
		answer := &recorder{ResponseWriter: w}
		m.inflight.Add(1)
		defer func() {
			m.inflight.Add(-1)
			m.observe(labels{code: answer.code(), method: method(r.Method)}, time.Since(begin).Seconds())
		}()
		next.ServeHTTP(answer, r)
	})
}

func (m *metrics) observe(l labels, took float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.all[l]
	if s == nil {
		s = new(series)
		m.all[l] = s
	}
	s.count++
	s.sum += took
	for i, bound := range bounds() {
		if took <= bound {
			s.buckets[i]++
		}
	}
}

// method is the label of a method. Callers can invent methods, and must not
// make series at will.
func method(name string) string {
	switch name {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodConnect, http.MethodOptions, http.MethodTrace:
		return strings.ToLower(name)
	default:
		return "unknown"
	}
}

// ServeHTTP writes the metrics.
func (m *metrics) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	_, _ = w.Write(m.text())
}

func (m *metrics) text() []byte {
	var b bytes.Buffer
	head := func(name, kind, help string) { fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind) }
	m.mu.Lock()
	defer m.mu.Unlock()
	keys := make([]labels, 0, len(m.all))
	for l := range m.all {
		keys = append(keys, l)
	}
	slices.SortFunc(keys, func(a, b labels) int {
		return cmp.Or(cmp.Compare(a.code, b.code), cmp.Compare(a.method, b.method))
	})
	const duration = "http_request_duration_seconds"
	head(duration, "histogram", "Seconds spent serving HTTP requests.")
	for _, l := range keys {
		s := m.all[l]
		for i, bound := range bounds() {
			fmt.Fprintf(&b, "%s_bucket{%s,le=\"%s\"} %d\n", duration, l, number(bound), s.buckets[i])
		}
		fmt.Fprintf(&b, "%s_bucket{%s,le=\"+Inf\"} %d\n", duration, l, s.count)
		fmt.Fprintf(&b, "%s_sum{%s} %s\n%s_count{%s} %d\n", duration, l, number(s.sum), duration, l, s.count)
	}
	head("http_requests_in_flight", "gauge", "Current number of HTTP requests being served.")
	fmt.Fprintf(&b, "http_requests_in_flight %d\n", m.inflight.Load())
	head("http_requests_total", "counter", "The total number of HTTP requests.")
	for _, l := range keys {
		fmt.Fprintf(&b, "http_requests_total{%s} %d\n", l, m.all[l].count)
	}
	return b.Bytes()
}

func number(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }
