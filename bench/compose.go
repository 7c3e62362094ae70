package main

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/hearth-faas/hearth/bench/load"
	"github.com/hearth-faas/hearth/bench/report"
	"github.com/hearth-faas/hearth/e2e/platform"
)

const (
	sequenceSteps = 3
	stepRatio     = 1.5 // of a step to a single warm call
	triggerRules  = 10
	triggerFires  = 100
)

// sequence measures a step of a sequence against a call of its own.
func sequence(ctx context.Context, s *stand, r *report.Report) error {
	step, err := s.deploy(ctx, "go", 128)
	if err != nil {
		return err
	}
	single, err := s.warmCalls(ctx, step, 2*time.Second)
	if err != nil {
		return err
	}
	var components []string
	for range sequenceSteps {
		components = append(components, "/_/"+step)
	}
	name := s.name("sequence")
	if err := s.hearth.PutAction(ctx, name, platform.Action{Kind: "sequence", Components: components}); err != nil {
		return err
	}
	whole, err := s.warmCalls(ctx, name, 3*time.Second)
	if err != nil {
		return err
	}
	perStep := report.Ms(whole.Latency.Quantile(0.5)) / sequenceSteps
	alone := report.Ms(single.Latency.Quantile(0.5))
	r.Add(
		row("sequence of 3", "p50", whole, load.Result{}, 0.5),
		report.Row{Scenario: "sequence of 3", Figure: "p50 of a step to a call", Value: perStep / alone, Unit: report.Times, Errors: whole.Errors}.AtMost(stepRatio),
	)
	return nil
}

// trigger measures firing a trigger that ten rules connect to an action, until
// all of them have run.
func trigger(ctx context.Context, s *stand, r *report.Report) error {
	action, err := s.deploy(ctx, "go", 128)
	if err != nil {
		return err
	}
	name := s.name("trigger")
	if err := s.hearth.Put(ctx, "triggers/"+name, map[string]any{}); err != nil {
		return err
	}
	for i := range triggerRules {
		rule := map[string]any{"trigger": "/_/" + name, "action": "/_/" + action}
		if err := s.hearth.Put(ctx, "rules/"+name+"-"+strconv.Itoa(i), rule); err != nil {
			return err
		}
	}
	if _, err := s.warmCalls(ctx, action, time.Second); err != nil {
		return err
	}
	before, err := s.count(ctx, action)
	if err != nil {
		return err
	}
	c, err := s.post("triggers/"+name, http.StatusAccepted)
	if err != nil {
		return err
	}
	defer c.Close()
	begin := time.Now()
	got, err := load.Run(ctx, load.Options{Workers: 1, Count: triggerFires}, func(context.Context, int) error { return c.Post() })
	if err != nil {
		return err
	}
	if got.Errors > 0 {
		return fmt.Errorf("%d of %d fires failed: %w", got.Errors, triggerFires, got.First)
	}
	if err := s.waitCount(ctx, action, before+triggerRules*triggerFires); err != nil {
		return err
	}
	r.Add(
		row("trigger with 10 rules", "fire p50", got, load.Result{}, 0.5),
		row("trigger with 10 rules", "fire p99", got, load.Result{}, 0.99),
		report.Row{
			Scenario: "trigger with 10 rules", Figure: "actions done",
			Value: triggerRules * triggerFires / time.Since(begin).Seconds(), Unit: report.PerSecond,
		},
	)
	return nil
}
