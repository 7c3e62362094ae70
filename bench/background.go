package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/hearth-faas/hearth/bench/load"
	"github.com/hearth-faas/hearth/bench/report"
)

const (
	backgroundRate = 1200 // per second
	backgroundTime = 20 * time.Second
)

// background offers calls at a rate a little above the goal, and waits until
// the last is done.
func background(ctx context.Context, s *stand, r *report.Report) error {
	name, err := s.deploy(ctx, "go", 128)
	if err != nil {
		return err
	}
	c, err := s.post("actions/"+name, http.StatusAccepted)
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := s.warmCalls(ctx, name, time.Second); err != nil {
		return err
	}
	before, err := s.count(ctx, name)
	if err != nil {
		return err
	}
	begin := time.Now()
	got, err := load.Run(ctx, load.Options{Workers: 32, For: backgroundTime, Rate: backgroundRate * 1.02},
		func(context.Context, int) error { return c.Post() })
	if err != nil {
		return err
	}
	if err := s.waitCount(ctx, name, before+int(got.Latency.Count())); err != nil {
		return err
	}
	took := time.Since(begin)
	r.Add(
		report.Row{
			Scenario: "calls without waiting", Figure: "accepted and done", Value: float64(got.Latency.Count()) / took.Seconds(),
			Unit: report.PerSecond, Errors: got.Errors,
		}.AtLeast(backgroundRate),
		row("calls without waiting", "accept p50", got, load.Result{}, 0.5),
		row("calls without waiting", "accept p99", got, load.Result{}, 0.99),
		report.Row{Scenario: "calls without waiting", Figure: "last done after", Value: report.Ms(took - backgroundTime), Unit: report.Millis},
	)
	return nil
}

// count is how many activations of an action are done.
func (s *stand) count(ctx context.Context, action string) (int, error) {
	a, err := s.hearth.Do(ctx, http.MethodGet, "activations?count=true&name="+action, nil)
	if err != nil {
		return 0, err
	}
	var body struct {
		Activations int `json:"activations"`
	}
	if err := json.Unmarshal(a.Body, &body); err != nil || a.Status != http.StatusOK {
		return 0, fmt.Errorf("count activations: status %d: %.200s", a.Status, a.Body)
	}
	return body.Activations, nil
}

// waitCount waits until so many activations of an action are done.
func (s *stand) waitCount(ctx context.Context, action string, want int) error {
	end := time.Now().Add(time.Minute)
	for {
		got, err := s.count(ctx, action)
		if err != nil {
			return err
		}
		if got >= want {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("%d of %d activations were done a minute later", got, want)
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
}
