package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/callback"
	"github.com/hearth-faas/hearth/cmd/hearth/doctor"
	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/direct"
	"github.com/hearth-faas/hearth/queue"
	"github.com/hearth-faas/hearth/runtime/kinds"
	"github.com/hearth-faas/hearth/store"
	"github.com/hearth-faas/hearth/store/foreign"
	"github.com/hearth-faas/hearth/store/seal"
)

// parts are what the stages of a process share. Each is there once the stage
// that makes it has started.
type parts struct {
	program *program
	log     *slog.Logger
	metrics *prometheus.Registry
	name    string // of this process, unlike any other's

	redis    redis.UniversalClient
	db       *store.DB
	tasks    *queue.Client
	plane    *control.Plane
	manifest *kinds.Manifest
	policy   *callback.Policy // of callbacks; nil where none are accepted
	streams  foreign.Options  // what triggers may read
	router   *direct.Router
	tally    *direct.Tally
}

func (p *program) parts(log *slog.Logger) *parts {
	metrics := prometheus.NewRegistry()
	metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return &parts{program: p, log: log, metrics: metrics, name: hostname() + "." + rand.Text()[:12]}
}

// connection is the stage that opens the connection to Redis, and closes it
// when all others have ended. keys are what parameters are sealed with.
func (x *parts) connection(url func() string, keys func() (*seal.Keys, error)) stage {
	return stage{
		name: "connection to redis",
		start: func(ctx context.Context) (err error) {
			if x.redis, err = connect(url()); err != nil {
				return err
			}
			if err := x.redis.Ping(ctx).Err(); err != nil {
				return fmt.Errorf("ask %s: %w", redacted(url()), err)
			}
			if err := doctor.Keeps(ctx, x.redis); err != nil {
				return err
			}
			sealing, err := keys()
			if err != nil {
				return err
			}
			x.db = store.NewSealing(x.redis, sealing)
			x.tasks = queue.NewClient(x.redis)
			return x.db.CheckSeal(ctx)
		},
		run: func(ctx context.Context) error {
			<-ctx.Done()
			return x.redis.Close()
		},
	}
}

// kinds is the stage that reads the runtimes manifest.
func (x *parts) kinds(file string) stage {
	return stage{name: "runtimes manifest", start: func(context.Context) (err error) {
		x.manifest, err = readManifest(file)
		return err
	}}
}

// readManifest reads a runtimes manifest; no file means that of this version.
func readManifest(file string) (*kinds.Manifest, error) {
	if file == "" {
		return kinds.Default(), nil
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read runtimes manifest: %w", err)
	}
	return kinds.Parse(b)
}
