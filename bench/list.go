package main

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	"github.com/hearth-faas/hearth/bench/load"
	"github.com/hearth-faas/hearth/bench/report"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/e2e/platform"
	"github.com/hearth-faas/hearth/store"
)

const (
	few, many, million = 1_000, 100_000, 1_000_000
	seedBatch          = 500
	seedWorkers        = 4
)

// list measures the first page of the activations of a namespace that has few
// and then many.
func list(ctx context.Context, s *stand, r *report.Report) error { return s.lists(ctx, r, few, many) }

func listMillion(ctx context.Context, s *stand, r *report.Report) error {
	return s.lists(ctx, r, million)
}

// lists fills a new namespace up to each size in turn, and lists it. The
// records are written past the platform: running them would take minutes.
func (s *stand) lists(ctx context.Context, r *report.Report, sizes ...int) error {
	db := store.New(s.redis.DB)
	name := s.name("list")
	key, err := db.CreateNamespace(ctx, name)
	if err != nil {
		return fmt.Errorf("make a namespace: %w", err)
	}
	client := s.hearth.Client
	client.Auth = key.String()
	have := 0
	for _, size := range sizes {
		if err := s.seed(ctx, db, name, have, size); err != nil {
			return err
		}
		have = size
		got, err := load.Run(ctx, load.Options{Workers: 1, For: 2 * time.Second}, page(&client))
		if err != nil {
			return err
		}
		if got.Latency.Count() == 0 {
			return fmt.Errorf("no list succeeded, as in: %w", got.First)
		}
		r.Add(row("list 30 of "+strconv.Itoa(size), "p50", got, load.Result{}, 0.5))
	}
	return nil
}

func page(c *platform.Client) load.Call {
	return func(ctx context.Context, _ int) error {
		a, err := c.Do(ctx, http.MethodGet, "activations?limit=30", nil)
		if err == nil && a.Status != http.StatusOK {
			err = fmt.Errorf("list activations: status %d: %.200s", a.Status, a.Body)
		}
		return err
	}
}

// seed writes the records number from up to to, many in one round trip.
func (s *stand) seed(ctx context.Context, db *store.DB, namespace string, from, to int) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(seedWorkers)
	begin := time.Now().Add(-time.Hour)
	// The first one brings the script to Redis, which a pipeline cannot.
	if err := db.Keep(ctx, done(namespace, begin.Add(time.Duration(from)*time.Millisecond)), store.Retention{}); err != nil {
		return fmt.Errorf("seed activations: %w", err)
	}
	from++
	for first := from; first < to; first += seedBatch {
		g.Go(func() error {
			_, err := s.redis.DB.Pipelined(ctx, func(pipe redis.Pipeliner) error {
				for i := first; i < min(first+seedBatch, to); i++ {
					a := done(namespace, begin.Add(time.Duration(i)*time.Millisecond))
					if err := db.Recording(ctx, a, store.Retention{Records: 2 * million})(pipe); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				return fmt.Errorf("seed activations: %w", err)
			}
			return nil
		})
	}
	return g.Wait()
}

// done is an activation that has ended, of one of a hundred actions.
func done(namespace string, start time.Time) *core.Activation {
	n := strconv.FormatInt(start.UnixMilli()%100, 10)
	return &core.Activation{
		Ref:    core.Ref{Namespace: namespace, ID: core.NewActivationID()},
		Action: core.Name{Namespace: namespace, Name: "seeded" + n},
		Kind:   "nodejs:24", Limits: core.DefaultLimits(), Subject: namespace, State: core.StateDone,
		Outcome: core.Outcome{
			Result: core.JSON(`{"greeting":"hello"}`), Size: 20,
			Start: start, End: start.Add(3 * time.Millisecond), Duration: 3 * time.Millisecond, Logs: []string{},
		},
	}
}
