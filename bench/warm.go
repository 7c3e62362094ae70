package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/hearth-faas/hearth/bench/load"
	"github.com/hearth-faas/hearth/bench/report"
)

// The goals of a warm call. docs/benchmarks.md gives the reasons.
const (
	warmRatio      = 10.0
	warmMedian     = 1.2  // ms
	warmThroughput = 1500 // per second at 16 callers
	callers        = 16
)

// warm measures blocking calls of an action whose containers are there.
func warm(language string) func(context.Context, *stand, *report.Report) error {
	return func(ctx context.Context, s *stand, r *report.Report) error {
		name, err := s.deploy(ctx, language, 128)
		if err != nil {
			return err
		}
		c, err := s.post(blocking(name), http.StatusOK)
		if err != nil {
			return err
		}
		defer c.Close()
		one, err := calls(ctx, c, load.Options{Workers: 1, For: 4 * time.Second})
		if err != nil {
			return err
		}
		many, err := calls(ctx, c, load.Options{Workers: callers, For: 6 * time.Second})
		if err != nil {
			return err
		}
		d, err := s.direct(ctx, name)
		if err != nil {
			return err
		}
		defer d.Close()
		base, err := calls(ctx, d, load.Options{Workers: 1, For: 2 * time.Second})
		if err != nil {
			return err
		}
		r.Add(warmRows(language, one, many, base)...)
		return nil
	}
}

func warmRows(language string, one, many, base load.Result) []report.Row {
	scenario := "warm " + language
	rows := []report.Row{
		row(scenario+", 1 caller", "p50", one, base, 0.5).AtMostDirect(warmRatio).AtMost(warmMedian),
		row(scenario+", 1 caller", "p95", one, base, 0.95),
		row(scenario+", 1 caller", "p99", one, base, 0.99),
	}
	label := fmt.Sprintf("%s, %d callers", scenario, callers)
	return append(rows,
		report.Row{
			Scenario: label, Figure: "throughput", Value: many.Throughput(), Unit: report.PerSecond,
			Direct: base.Throughput(), Errors: many.Errors,
		}.AtLeast(warmThroughput),
		row(label, "p50", many, load.Result{}, 0.5),
		row(label, "p99", many, load.Result{}, 0.99),
	)
}

// row is a quantile of a result, beside that of the direct calls.
func row(scenario, figure string, got, direct load.Result, q float64) report.Row {
	r := report.Row{Scenario: scenario, Figure: figure, Value: report.Ms(got.Latency.Quantile(q)), Unit: report.Millis, Errors: got.Errors}
	if direct.Latency != nil {
		r.Direct = report.Ms(direct.Latency.Quantile(q))
	}
	return r
}

// calls warms up and measures then. It fails when every call does. Many
// callers warm up for longer: their containers have to start.
func calls(ctx context.Context, c *load.Client, opt load.Options) (load.Result, error) {
	post := func(context.Context, int) error { return c.Post() }
	first := time.Second
	if opt.Workers > 1 {
		first = 5 * time.Second
	}
	if _, err := load.Run(ctx, load.Options{Workers: opt.Workers, For: first}, post); err != nil {
		return load.Result{}, err
	}
	got, err := load.Run(ctx, opt, post)
	if err == nil && got.Latency.Count() == 0 {
		err = fmt.Errorf("no call succeeded, as in: %w", got.First)
	}
	return got, err
}
