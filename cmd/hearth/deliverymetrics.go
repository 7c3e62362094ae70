package main

import (
	"context"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/hearth-faas/hearth/store"
)

// deliveryMetrics are the callbacks of the platform as a whole, read from
// Redis when they are asked for.
type deliveryMetrics struct {
	db                  *store.DB
	log                 *slog.Logger
	pending, dead, late *prometheus.Desc
}

var _ prometheus.Collector = (*deliveryMetrics)(nil)

func newDeliveryMetrics(db *store.DB, log *slog.Logger) *deliveryMetrics {
	of := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("hearth_callbacks_"+name, help, []string{"namespace"}, nil)
	}
	return &deliveryMetrics{
		db: db, log: log,
		pending: of("pending", "Callbacks that are to be attempted."),
		dead:    of("dead", "Callbacks that were given up and are kept."),
		late:    of("late_seconds", "For how long the first pending callback has been due."),
	}
}

// Describe sends what there is.
func (m *deliveryMetrics) Describe(to chan<- *prometheus.Desc) {
	to <- m.pending
	to <- m.dead
	to <- m.late
}

// Collect reads and sends the numbers.
func (m *deliveryMetrics) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), collectTime) // the interface has none
	defer cancel()
	counts, err := m.db.CountDeliveries(ctx)
	if err != nil {
		m.log.WarnContext(ctx, "callbacks cannot be counted", "err", err)
		return
	}
	for ns, c := range counts {
		to <- prometheus.MustNewConstMetric(m.pending, prometheus.GaugeValue, float64(c.Pending), ns)
		to <- prometheus.MustNewConstMetric(m.dead, prometheus.GaugeValue, float64(c.Dead), ns)
		to <- prometheus.MustNewConstMetric(m.late, prometheus.GaugeValue, c.Late.Seconds(), ns)
	}
}
