package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/hearth-faas/hearth/bench/load"
	"github.com/hearth-faas/hearth/bench/report"
)

const (
	hookSecret = "bench-secret"
	hookRate   = 3000                 // events per second, the goal
	hookReply  = 5 * time.Millisecond // the goal
	hookTime   = 10 * time.Second
)

// webhooks measures deliveries to a webhook with one rule: what is accepted in
// a second, and from a delivery to the answer of its action, one at a time.
func webhooks(ctx context.Context, s *stand, r *report.Report) error {
	action, err := s.deploy(ctx, "go", 128)
	if err != nil {
		return err
	}
	if _, err := s.warmCalls(ctx, action, time.Second); err != nil {
		return err
	}
	before, err := s.count(ctx, action)
	if err != nil {
		return err
	}
	reply, err := s.hook(ctx, action, map[string]any{"scheme": "bearer", "secret": hookSecret, "dedup": "0", "reply": true}, http.StatusOK)
	if err != nil {
		return err
	}
	defer reply.Close()
	one, err := load.Run(ctx, load.Options{Workers: 1, For: 5 * time.Second}, func(context.Context, int) error { return reply.Post() })
	if err != nil {
		return err
	}
	accept, err := s.hook(ctx, action, map[string]any{"scheme": "bearer", "secret": hookSecret, "dedup": "0"}, http.StatusAccepted)
	if err != nil {
		return err
	}
	defer accept.Close()
	many, err := load.Run(ctx, load.Options{Workers: 32, For: hookTime}, func(context.Context, int) error { return accept.Post() })
	if err != nil {
		return err
	}
	r.Add(
		row("webhook", "delivery to answer p50", one, load.Result{}, 0.5).AtMost(report.Ms(hookReply)),
		report.Row{Scenario: "webhook", Figure: "accepted", Value: many.Throughput(), Unit: report.PerSecond, Errors: many.Errors}.AtLeast(hookRate),
		row("webhook", "accept p99", many, load.Result{}, 0.99),
	)
	return s.waitCount(ctx, action, before+int(one.Latency.Count()+many.Latency.Count()))
}

// hook makes a trigger with a webhook and a rule, and a client that delivers.
func (s *stand) hook(ctx context.Context, action string, settings map[string]any, status int) (*load.Client, error) {
	name := s.name("hook")
	annotations := []any{map[string]any{"key": "webhook", "value": settings}}
	if err := s.hearth.Put(ctx, "triggers/"+name, map[string]any{"annotations": annotations}); err != nil {
		return nil, err
	}
	if err := s.hearth.Put(ctx, "rules/"+name+"-rule", map[string]any{"trigger": "/_/" + name, "action": "/_/" + action}); err != nil {
		return nil, err
	}
	u, err := url.Parse(s.hearth.URL)
	if err != nil {
		return nil, fmt.Errorf("parse address of the platform: %w", err)
	}
	return load.NewClient(load.Target{
		Network: "tcp", Address: u.Host, Path: "/hooks/guest/" + name, Authorization: "Bearer " + hookSecret,
		Body: []byte(payload), Status: status,
	}), nil
}
