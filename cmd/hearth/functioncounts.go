package main

import (
	"context"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/hearth-faas/hearth/apiserver/openfaas"
	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/store"
)

// functionCounts is OpenFaaS' metric of the replicas that are wanted, read
// from Redis when it is asked for.
type functionCounts struct {
	db        *store.DB
	log       *slog.Logger
	namespace string // the default one
	replicas  *prometheus.Desc
}

var _ prometheus.Collector = (*functionCounts)(nil)

func newFunctionCounts(db *store.DB, log *slog.Logger, namespace string) *functionCounts {
	return &functionCounts{
		db: db, log: log, namespace: namespace,
		replicas: prometheus.NewDesc("gateway_service_count", "Replicas of a function that are wanted.", []string{"function_name"}, nil),
	}
}

// Describe sends what there is.
func (c *functionCounts) Describe(to chan<- *prometheus.Desc) { to <- c.replicas }

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
		for _, f := range functions {
			to <- prometheus.MustNewConstMetric(c.replicas, prometheus.GaugeValue, float64(f.Replicas), f.Name.Name+"."+shown)
		}
	}
	return nil
}
