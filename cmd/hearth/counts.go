package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/hearth-faas/hearth/store"
)

// counts are the metrics of the platform as a whole, read from Redis when they
// are asked for: every process that shows them shows the same.
type counts struct {
	db  *store.DB
	log *slog.Logger

	up, accepted, done, queued, running, drift *prometheus.Desc
}

var _ prometheus.Collector = (*counts)(nil)

func newCounts(db *store.DB, log *slog.Logger) *counts {
	of := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("hearth_activations_"+name, help, []string{"namespace"}, nil)
	}
	return &counts{
		db: db, log: log,
		up:       prometheus.NewDesc("hearth_redis_up", "1 if Redis has answered, 0 if it has not.", nil, nil),
		accepted: of("accepted_total", "Activations that were accepted."),
		done:     of("done_total", "Activations that have ended."),
		queued:   of("queued", "Activations that wait for a worker."),
		running:  of("running", "Activations that a worker has claimed."),
		drift:    of("drift", "Activations that are accepted and neither queued, running nor done; anything but 0 is a bug."),
	}
}

// Describe sends what there is.
func (c *counts) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.up, c.accepted, c.done, c.queued, c.running, c.drift} {
		to <- d
	}
}

// collectTime bounds the reading; Prometheus gives up after 10 s by default.
const collectTime = 5 * time.Second

// Collect reads and sends the counts of the namespaces that do something.
func (c *counts) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), collectTime) // the interface has none
	defer cancel()
	names, err := c.db.BusyNamespaces(ctx)
	for _, name := range names {
		n, failed := c.db.Counts(ctx, name)
		if failed != nil {
			err = errors.Join(err, failed)
			break
		}
		send := func(d *prometheus.Desc, typ prometheus.ValueType, value int) {
			to <- prometheus.MustNewConstMetric(d, typ, float64(value), name)
		}
		send(c.accepted, prometheus.CounterValue, n.Accepted)
		send(c.done, prometheus.CounterValue, n.Done)
		send(c.queued, prometheus.GaugeValue, n.Queued)
		send(c.running, prometheus.GaugeValue, n.Running)
		send(c.drift, prometheus.GaugeValue, n.Drift())
	}
	up := 1.0
	if err != nil {
		up = 0
		c.log.WarnContext(ctx, "activations cannot be counted", "err", err)
	}
	to <- prometheus.MustNewConstMetric(c.up, prometheus.GaugeValue, up)
}
