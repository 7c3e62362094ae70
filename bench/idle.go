package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hearth-faas/hearth/bench/report"
)

// The goals of a platform that does nothing.
const (
	idleMemory   = 80.0 // MB of `hearth up`
	idleCommands = 20.0 // to Redis per second
	idleWatch    = 5 * time.Second
)

// idle measures what a platform costs that nobody uses.
func idle(ctx context.Context, s *stand, r *report.Report) error {
	if err := pause(ctx, 3*time.Second); err != nil { // prewarmed containers start
		return err
	}
	before, err := s.commands(ctx)
	if err != nil {
		return err
	}
	begin := time.Now()
	if err := pause(ctx, idleWatch); err != nil {
		return err
	}
	after, err := s.commands(ctx)
	if err != nil {
		return err
	}
	rate := float64(after-before-1) / time.Since(begin).Seconds() // less the question itself
	memory, _, err := s.hearth.Memory()
	if err != nil {
		return err
	}
	r.Add(
		report.Row{Scenario: "idle, all in one process", Figure: "memory", Value: float64(memory) / (1 << 20), Unit: report.Megabytes}.AtMost(idleMemory),
		report.Row{Scenario: "idle, all in one process", Figure: "Redis commands", Value: rate, Unit: report.PerSecond}.AtMost(idleCommands),
	)
	return nil
}

// commands is how many commands Redis has processed.
func (s *stand) commands(ctx context.Context) (int64, error) {
	info, err := s.redis.DB.Info(ctx, "stats").Result()
	if err != nil {
		return 0, fmt.Errorf("read redis statistics: %w", err)
	}
	n, err := strconv.ParseInt(field(strings.NewReader(info), "total_commands_processed", ":", ""), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read redis statistics: %w", err)
	}
	return n, nil
}

// pause waits, or ends early with ctx.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
