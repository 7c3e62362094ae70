package main

import (
	"context"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/hearth-faas/hearth/apiserver/openfaas"
	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

// functionCounts are OpenFaaS' metrics of replicas and of what scaling goes by,
// read from Redis when they are asked for.
type functionCounts struct {
	db        *store.DB
	plane     *control.Plane
	log       *slog.Logger
	namespace string // the default one

	replicas, ready, least, target *prometheus.Desc
}

var _ prometheus.Collector = (*functionCounts)(nil)

func newFunctionCounts(db *store.DB, plane *control.Plane, log *slog.Logger, namespace string) *functionCounts {
	by := []string{"function_name"}
	return &functionCounts{
		db: db, plane: plane, log: log, namespace: namespace,
		replicas: prometheus.NewDesc("gateway_service_count", "Replicas of a function that are wanted.", by, nil),
		ready:    prometheus.NewDesc("gateway_service_ready_count", "Replicas of a function that take calls.", by, nil),
		least:    prometheus.NewDesc("gateway_service_min", "The least number of replicas that scaling leaves.", by, nil),
		target: prometheus.NewDesc("gateway_service_target", "Load that each replica of a function shall have.",
			[]string{"function_name", "scaling_type"}, nil),
	}
}

// Describe sends what there is.
func (c *functionCounts) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.replicas, c.ready, c.least, c.target} {
		to <- d
	}
}

// Collect reads and sends the replicas of all functions.
func (c *functionCounts) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), collectTime) // the interface has none
	defer cancel()
	if err := c.collect(ctx, to); err != nil {
		c.log.WarnContext(ctx, "functions cannot be counted", "err", err)
	}
}

func (c *functionCounts) collect(ctx context.Context, to chan<- prometheus.Metric) error {
	all, err := c.db.Namespaces(ctx)
	if err != nil {
		return err
	}
	for _, ns := range all {
		shown := ns.Name
		switch {
		case ns.Name == c.namespace:
			shown = openfaas.DefaultNamespace
		case !control.HasFunctions(ns):
			continue
		}
		functions, err := c.db.Functions(ctx, ns.Name, 0, 0)
		if err != nil {
			return err
		}
		if len(functions) == 0 {
			continue
		}
		ready, err := c.plane.ReadyReplicas(ctx, core.Subject{Name: ns.Name, Namespace: ns})
		if err != nil {
			return err
		}
		for _, f := range functions {
			c.send(to, f, ready[f.Name.Name], f.Name.Name+"."+shown)
		}
	}
	return nil
}

func (c *functionCounts) send(to chan<- prometheus.Metric, f core.Action, ready int, name string) {
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, append([]string{name}, labels...)...)
	}
	least, _ := control.ScaleBounds(f.Function)
	scaling, target := control.ScaleTarget(f.Function)
	gauge(c.replicas, float64(f.Replicas))
	gauge(c.ready, float64(ready))
	gauge(c.least, float64(least))
	gauge(c.target, target, scaling)
}
