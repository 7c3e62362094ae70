package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/hearth-faas/hearth/cmd/hearth/localredis"
)

type upCommand struct {
	logSettings
	dataSettings
	redisSettings
	sealSettings
	planeSettings
	apiSettings
	workerSettings
	senderSettings
}

// Run runs the whole platform until ctx ends.
func (c upCommand) Run(ctx context.Context, p *program) error {
	if err := c.check(); err != nil {
		return err
	}
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	release, err := hold(c.Data)
	if err != nil {
		return err
	}
	defer release()
	if err := c.ownOperator(c.Data); err != nil {
		return err
	}
	x := p.parts(c.logger(p.stderr))
	x.policy = c.policy()
	own, address := c.ownRedis(x)
	// They stop from the last to the first: the server takes no more calls and
	// answers those it has, while the worker still runs them; then the triggers
	// take no more events; then the worker finishes what it claimed; then what
	// delivers callbacks and tells callers of the end; and Redis when nobody has anything left to say.
	api := &apiStage{parts: x, settings: c.apiSettings, plane: c.planeSettings}
	eng := c.engine(x, c.Data, c.platform)
	inside := &inward{engine: eng, settings: c.workerSettings, api: api}
	return runStages(ctx,
		own, x.connection(address, c.keys), x.migrations(), x.kinds(c.Runtimes), x.catalogue(), x.control(c.planeSettings), x.reconciler(), x.autoscaler(), x.routes(c.functionSettings), api.listen(),
		x.callbacks(c.senderSettings), eng.stage(), c.worker(x, eng, inside.address), x.triggers(),
		stage{name: "api for actions", run: inside.run},
		api.serve(func(ctx context.Context, url string) error { return c.ready(ctx, x, url) }),
		c.pprof(x))
}

// ownRedis is the Redis of the platform itself, unless another is named.
func (c upCommand) ownRedis(x *parts) (own stage, address func() string) {
	url := c.Redis
	own = stage{name: "redis"}
	address = func() string { return url }
	switch {
	case c.Redis != "":
	case localredis.Installed():
		var server *localredis.Server
		own.start = func(ctx context.Context) (err error) {
			if server, err = localredis.Start(ctx, redisFolder(c.Data), x.log); err != nil {
				return err
			}
			url = server.URL()
			return nil
		}
		own.run = func(ctx context.Context) error { return server.Run(ctx) }
	default:
		var memory *localredis.Memory
		own.start = func(context.Context) (err error) {
			if memory, err = localredis.StartMemory(); err != nil {
				return err
			}
			url = memory.URL()
			return x.program.loud("no redis-server is in PATH: everything is kept in this process AND IS LOST WHEN IT ENDS")
		}
		own.run = func(ctx context.Context) error { return memory.Run(ctx) }
	}
	return own, address
}

// platform tells this platform from others: by its Redis, or by its data.
func (c upCommand) platform() string {
	if c.Redis != "" {
		return c.Redis
	}
	dir, err := filepath.Abs(c.Data)
	if err != nil {
		return c.Data
	}
	return dir
}

// ready makes the first namespace, tells clients where the platform is, and
// says that it is there.
func (c upCommand) ready(ctx context.Context, x *parts, url string) error {
	key, err := guest(ctx, x.db, c.Data)
	if err != nil {
		return err
	}
	if err := writeProperties(c.Data, url, key); err != nil {
		return err
	}
	_, err = fmt.Fprintf(x.program.stdout, "hearth is ready on %s\n", url)
	return err
}

// loud says what nobody must miss.
func (p *program) loud(text string) error {
	_, err := fmt.Fprintf(p.stderr, "\n  *** WARNING: %s ***\n\n", text)
	return err
}

// hold makes sure that one process uses a data folder at a time.
func hold(dir string) (release func(), err error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the data folder: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("lock the data folder %s, which another process may use: %w", dir, err)
	}
	return func() { f.Close() }, nil
}
