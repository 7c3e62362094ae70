package main

import (
	"context"
	"fmt"
	"regexp"
	"runtime"
	"time"

	"github.com/hearth-faas/hearth/bench/load"
	"github.com/hearth-faas/hearth/bench/report"
	"github.com/hearth-faas/hearth/e2e/platform"
)

const (
	// neighbourRatio bounds the p95 of calls beside noisy neighbours to that
	// of the same calls without them.
	neighbourRatio = 2
	// noise is how long a noisy call uses a processor: longer than is measured.
	noise = 20 * time.Second
)

const burn = `function main (args) { const end = Date.now() + args.ms; while (Date.now() < end); return {} }`

// neighbour measures the warm calls of one action while another keeps every
// processor busy.
func neighbour(ctx context.Context, s *stand, r *report.Report) error {
	name, err := s.deploy(ctx, "go", 128)
	if err != nil {
		return err
	}
	alone, err := s.warmCalls(ctx, name, 3*time.Second)
	if err != nil {
		return err
	}
	if err := s.burn(ctx); err != nil {
		return err
	}
	beside, err := s.warmCalls(ctx, name, 3*time.Second)
	if err != nil {
		return err
	}
	quiet, loud := report.Ms(alone.Latency.Quantile(0.95)), report.Ms(beside.Latency.Quantile(0.95))
	scenario := fmt.Sprintf("warm go beside %d that burn", runtime.NumCPU())
	r.Add(
		row(scenario, "p50", beside, load.Result{}, 0.5),
		row(scenario, "p95", beside, load.Result{}, 0.95),
		report.Row{Scenario: scenario, Figure: "p95 to that without", Value: loud / quiet, Unit: report.Times, Errors: beside.Errors}.AtMost(neighbourRatio),
	)
	return nil
}

// burn makes as many calls as there are processors, each of which uses one,
// and returns when they run.
func (s *stand) burn(ctx context.Context) error {
	name := s.name("burn")
	a := platform.Action{Kind: "nodejs:default", Code: burn, Limits: map[string]any{"memory": 128}}
	if err := s.hearth.PutAction(ctx, name, a); err != nil {
		return err
	}
	for range runtime.NumCPU() {
		if _, err := s.hearth.Invoke(ctx, name, map[string]any{"ms": noise.Milliseconds()}); err != nil {
			return err
		}
	}
	deadline, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	return platform.Poll(deadline, func() error {
		text, err := s.hearth.Metrics(ctx)
		if err == nil && !running.MatchString(text) {
			err = fmt.Errorf("the %d calls of %s do not run yet", runtime.NumCPU(), name)
		}
		return err
	})
}

// running finds that as many activations run as there are processors.
var running = regexp.MustCompile(fmt.Sprintf(`(?m)^hearth_activations_running\{[^}]*\} %d$`, runtime.NumCPU()))
