package main

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/hearth-faas/hearth/triggers/stream"
)

// lags are how far triggers are behind the streams that they read.
type lags struct {
	streams *stream.Runner
	lag     *prometheus.Desc
}

var _ prometheus.Collector = (*lags)(nil)

func newLags(streams *stream.Runner) *lags {
	return &lags{streams, prometheus.NewDesc("hearth_stream_lag",
		"Entries of a stream that have not become events, of the streams that this process reads.", []string{"namespace", "trigger"}, nil)}
}

// Describe sends what there is.
func (l *lags) Describe(to chan<- *prometheus.Desc) { to <- l.lag }

// Collect asks the streams.
func (l *lags) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), collectTime) // the interface has none
	defer cancel()
	for trigger, n := range l.streams.Lags(ctx) {
		to <- prometheus.MustNewConstMetric(l.lag, prometheus.GaugeValue, float64(n), trigger.Namespace, trigger.Name)
	}
}
