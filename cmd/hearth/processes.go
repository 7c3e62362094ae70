package main

import (
	"context"
	"fmt"
	"os"
)

type apiserverCommand struct {
	logSettings
	sharedRedis
	sealSettings
	planeSettings
	apiSettings
	callbackSettings
}

// Run serves the APIs until ctx ends.
func (c apiserverCommand) Run(ctx context.Context, p *program) error {
	if err := c.check(); err != nil {
		return err
	}
	x := p.parts(c.logger(p.stderr))
	x.policy = c.policy()
	// The server is stopped first; the connection when nobody uses it any more.
	api := &apiStage{parts: x, settings: c.apiSettings, plane: c.planeSettings}
	return runStages(ctx, x.connection(c.address, c.keys), x.migrations(), x.kinds(c.Runtimes), x.catalogue(), x.control(c.planeSettings), x.routes(c.functionSettings), api.listen(),
		api.serve(func(_ context.Context, url string) error {
			_, err := fmt.Fprintf(p.stdout, "hearth apiserver is ready on %s\n", url)
			return err
		}), c.pprof(x))
}

type workerCommand struct {
	logSettings
	dataSettings
	sharedRedis
	sealSettings
	planeSettings
	functionSettings
	workerSettings
	monitorSettings
}

// Run runs actions until ctx ends.
func (c workerCommand) Run(ctx context.Context, p *program) error {
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	x := p.parts(c.logger(p.stderr))
	// The worker is stopped first; then the engine, when no container is used;
	// then what tells callers of the end of activations.
	eng := c.engine(x, c.Data, c.address)
	return runStages(ctx, x.connection(c.address, c.keys), x.migrations(), x.kinds(c.Runtimes), x.control(c.planeSettings), x.reconciler(), x.autoscaler(), x.routes(c.functionSettings), eng.stage(),
		c.worker(x, eng, func(context.Context) (string, error) { return c.ActionAPI, nil }), x.ready("worker"), c.monitor(x), c.pprof(x))
}

type triggersCommand struct {
	logSettings
	sharedRedis
	sealSettings
	planeSettings
	senderSettings
	monitorSettings
}

// Run turns events into activations until ctx ends.
func (c triggersCommand) Run(ctx context.Context, p *program) error {
	x := p.parts(c.logger(p.stderr))
	return runStages(ctx, x.connection(c.address, c.keys), x.migrations(), x.control(c.planeSettings), x.callbacks(c.senderSettings), x.triggers(), x.ready("triggers"),
		c.monitor(x), c.pprof(x))
}

type migrateCommand struct {
	logSettings
	sharedRedis
	sealSettings
}

// Run brings the stored data to the form of this version.
func (c migrateCommand) Run(ctx context.Context, p *program) error {
	x := p.parts(c.logger(p.stderr))
	ctx, done := context.WithCancel(ctx)
	defer done()
	last := stage{name: "end", start: func(context.Context) error {
		done()
		return p.ok("the data is of this version")
	}}
	return runStages(ctx, x.connection(c.address, c.keys), x.migrations(), x.kinds(""), x.catalogue(), last)
}

// ready is the last stage of a process that has no address.
func (x *parts) ready(name string) stage {
	return stage{name: "ready", start: func(context.Context) error {
		_, err := fmt.Fprintf(x.program.stdout, "hearth %s is ready\n", name)
		return err
	}}
}
