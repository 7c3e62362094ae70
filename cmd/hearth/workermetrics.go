package main

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/worker"
)

// workerMetrics show one worker's containers and what became of what it ran.
type workerMetrics struct {
	worker *worker.Worker

	ready, slots, busy, waiting, memory, used *prometheus.Desc
	containers, starts, ended                 *prometheus.Desc
	evictions, failed, requeued, timedOut     *prometheus.Desc
}

var _ prometheus.Collector = (*workerMetrics)(nil)

func newWorkerMetrics(w *worker.Worker) *workerMetrics {
	of := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("hearth_worker_"+name, help, labels, nil)
	}
	return &workerMetrics{
		worker:     w,
		ready:      of("ready", "1 if the container engine answers."),
		slots:      of("slots", "Activations that can be claimed at once."),
		busy:       of("busy", "Activations that are claimed."),
		waiting:    of("waiting", "Claimed activations without a container."),
		memory:     of("memory_bytes", "Memory for all containers."),
		used:       of("memory_used_bytes", "Memory of the containers that are there."),
		containers: of("containers", "Containers by what they do.", "state"),
		starts:     of("starts_total", "Activations by the container they got: warm, prewarmed or cold.", "start"),
		ended:      of("activations_total", "Activations by how they ended.", "status"),
		evictions:  of("evictions_total", "Idle containers removed to make room."),
		failed:     of("failed_starts_total", "Containers that could not be started."),
		requeued:   of("requeued_total", "Activations that were given back to the queue."),
		timedOut:   of("timeouts_total", "Activations that ran out of time."),
	}
}

// Describe sends what there is.
func (m *workerMetrics) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		m.ready, m.slots, m.busy, m.waiting, m.memory, m.used, m.containers, m.starts, m.ended,
		m.evictions, m.failed, m.requeued, m.timedOut,
	} {
		to <- d
	}
}

// Collect sends the present state.
func (m *workerMetrics) Collect(to chan<- prometheus.Metric) {
	s := m.worker.Stats()
	gauge := func(d *prometheus.Desc, value int, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(value), labels...)
	}
	counter := func(d *prometheus.Desc, value int64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(value), labels...)
	}
	ready := 0
	if s.Ready {
		ready = 1
	}
	gauge(m.ready, ready)
	gauge(m.slots, s.Slots)
	gauge(m.busy, s.Busy)
	gauge(m.waiting, s.Pool.Waiting)
	gauge(m.memory, s.Pool.Memory<<20)
	gauge(m.used, s.Pool.MemoryUsed<<20)
	gauge(m.containers, s.Pool.Starting, "starting")
	gauge(m.containers, s.Pool.Busy, "busy")
	gauge(m.containers, s.Pool.Idle, "idle")
	gauge(m.containers, s.Pool.Paused, "paused")
	gauge(m.containers, s.Pool.Stocked, "prewarmed")
	gauge(m.containers, s.Pool.Removing, "removing")
	counter(m.starts, s.Pool.Warm, "warm")
	counter(m.starts, s.Pool.Prewarmed, "prewarmed")
	counter(m.starts, s.Pool.Cold, "cold")
	for status, n := range s.Ended {
		counter(m.ended, n, core.Status(status).String())
	}
	counter(m.evictions, s.Pool.Evictions)
	counter(m.failed, s.Pool.FailedStarts)
	counter(m.requeued, s.Requeued)
	counter(m.timedOut, s.TimedOut)
}
