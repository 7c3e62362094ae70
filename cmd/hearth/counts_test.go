package main

import (
	"log/slog"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/hearth-faas/hearth/store"
	"github.com/hearth-faas/hearth/store/storetest"
)

func TestCountsSayWhetherRedisAnswers(t *testing.T) {
	t.Parallel()
	s := storetest.Server(t)
	all := prometheus.NewPedanticRegistry()
	all.MustRegister(newCounts(store.New(s.Client()), slog.New(slog.DiscardHandler)))
	up := func() float64 {
		t.Helper()
		families, err := all.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range families {
			if f.GetName() == "hearth_redis_up" {
				return f.GetMetric()[0].GetGauge().GetValue()
			}
		}
		t.Fatal("the metric is missing")
		return 0
	}
	if got := up(); got != 1 {
		t.Errorf("got %v, want 1", got)
	}
	s.Kill()
	if got := up(); got != 0 {
		t.Errorf("got %v without redis, want 0", got)
	}
}
