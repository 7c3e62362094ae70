package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/hearth-faas/hearth/queue"
	"github.com/hearth-faas/hearth/runtime/kinds"
	"github.com/hearth-faas/hearth/worker"
	"github.com/hearth-faas/hearth/worker/engine"
	"github.com/hearth-faas/hearth/worker/engine/docker"
	"github.com/hearth-faas/hearth/worker/engine/process"
	"github.com/hearth-faas/hearth/worker/pool"
	"github.com/hearth-faas/hearth/worker/replica"
)

// engine is the stage of what runs containers. address tells this platform
// from others that use the same Docker.
func (s workerSettings) engine(x *parts, data string, address func() string) *engineStage {
	if s.WorkerID == "" {
		s.WorkerID = hostname()
	}
	return &engineStage{settings: s, parts: x, data: data, boot: rand.Text()[:12], address: address}
}

// worker is the stage that runs activations in containers of the engine. api
// returns the API's address as actions see it.
func (s workerSettings) worker(x *parts, eng *engineStage, api func(context.Context) (string, error)) stage {
	var w *worker.Worker
	in := &ingress{addr: s.Ingress}
	return stage{
		name: "worker",
		start: func(ctx context.Context) error {
			apiHost, err := api(ctx)
			if err != nil {
				return err
			}
			ingressURL, err := in.listen(ctx)
			if err != nil {
				return err
			}
			w, err = worker.New(worker.Deps{
				Plane: x.plane, DB: x.db, Engine: eng.engine, Kinds: x.manifest, Log: x.log, Function: x.tally.Counted(x.router.Serve),
				Serve: func(ctx context.Context, opt queue.Options, h queue.Handler) error {
					return queue.NewServer(x.redis, x.log, opt).Run(ctx, h)
				},
			}, worker.Options{
				ID:        eng.settings.WorkerID,
				Boot:      eng.boot,
				APIHost:   apiHost,
				Engine:    eng.info.Name + " " + eng.info.Version,
				Host:      hostname(),
				Drain:     s.WorkerDrain,
				Functions: eng.docker != nil, Ingress: ingressURL, IngressKey: in.key,
				Replicas: replica.Options{Timeout: s.FunctionTimeout},
				Pool:     pool.Options{Memory: s.memory(), Grace: s.PauseGrace, Idle: s.IdleTimeout},
			})
			if err != nil {
				return err
			}
			in.attach(w)
			x.router.SetLocal(w.Token(), w.Replicas())
			return x.metrics.Register(newWorkerMetrics(w))
		},
		run: func(ctx context.Context) error {
			// The ingress outlives the worker: it drains its replicas.
			serving, stop := context.WithCancel(context.WithoutCancel(ctx))
			group, serving := errgroup.WithContext(serving)
			group.Go(func() error { return in.run(serving) })
			group.Go(func() error {
				defer stop()
				return w.Run(ctx)
			})
			return group.Wait()
		},
	}
}

// engineStage makes the engine that is asked for, or the best there is.
type engineStage struct {
	settings workerSettings
	parts    *parts
	data     string
	boot     string
	address  func() string

	engine engine.Engine
	docker *docker.Docker // nil with another engine
	info   engine.Info
}

func (e *engineStage) stage() stage {
	return stage{name: "container engine", start: e.start, run: e.run}
}

func (e *engineStage) start(ctx context.Context) error {
	var err error
	switch e.settings.Engine {
	case "docker":
		err = e.useDocker(ctx)
	case "process":
		err = e.useProcess()
	default:
		if err = e.useDocker(ctx); err != nil {
			e.parts.log.WarnContext(ctx, "docker cannot be used", "err", err)
			err = e.useProcess()
		}
	}
	if err != nil {
		return err
	}
	info, err := e.engine.Ping(ctx)
	if err != nil {
		return err
	}
	e.info = info
	e.parts.log.InfoContext(ctx, "container engine", "engine", info.Name, "version", info.Version,
		"api_version", info.APIVersion, "runtime", info.OCIRuntime)
	for _, name := range unknownRuntimes(e.parts.manifest, e.settings.OCIRuntime, info.Runtimes) {
		e.parts.log.WarnContext(ctx, "container engine does not know a low-level runtime", "runtime", name, "known", info.Runtimes)
	}
	for _, w := range info.Warnings {
		e.parts.log.WarnContext(ctx, "container engine warns", "warning", w)
	}
	return nil
}

// unknownRuntimes lists the low-level runtimes that are asked for, in the
// settings or by a kind, and that the engine does not have.
func unknownRuntimes(manifest *kinds.Manifest, asked string, known []string) []string {
	wanted := []string{asked}
	for _, family := range manifest.Families() {
		for _, kind := range family.Kinds {
			wanted = append(wanted, kind.Runtime)
		}
	}
	slices.Sort(wanted)
	return slices.DeleteFunc(slices.Compact(wanted), func(name string) bool {
		return name == "" || slices.Contains(known, name)
	})
}

func (e *engineStage) run(ctx context.Context) error {
	if e.docker == nil {
		<-ctx.Done()
		return nil
	}
	err := e.docker.Run(ctx)
	if closing := e.docker.Close(); err == nil {
		err = closing
	}
	return err
}

func (e *engineStage) useDocker(ctx context.Context) (err error) {
	e.docker, err = docker.New(ctx, docker.Options{
		Deployment:  e.deployment(),
		Worker:      e.settings.WorkerID,
		Boot:        e.boot,
		Host:        e.settings.DockerHost,
		Credentials: e.settings.Credentials,
		Dir:         filepath.Join(e.data, "sockets"),
		Network:     e.settings.Network,
		Runtime:     e.settings.OCIRuntime,
		Logger:      e.parts.log,
	})
	if err != nil {
		e.docker = nil
		return fmt.Errorf("use docker: %w", err)
	}
	e.engine = e.docker
	return nil
}

func (e *engineStage) useProcess() error {
	runtimes, err := localRuntimes(e.parts.manifest, filepath.Join(e.data, "runtimes"), e.settings.Proxy, e.parts.log)
	if err != nil {
		return err
	}
	e.engine, err = process.New(process.Options{
		Deployment: e.deployment(),
		Worker:     e.settings.WorkerID,
		Boot:       e.boot,
		Dir:        filepath.Join(e.data, "processes"),
		Runtimes:   runtimes,
		Path:       e.parts.program.env["PATH"],
	})
	if err != nil {
		return fmt.Errorf("run actions as processes: %w", err)
	}
	return e.parts.program.loud("actions run as processes of this machine, WITHOUT ANY ISOLATION: for development only")
}

// deployment tells the containers of this platform from those of others on
// the same Docker: one Redis is one platform.
func (e *engineStage) deployment() string {
	if e.settings.Deployment != "" {
		return e.settings.Deployment
	}
	sum := sha256.Sum256([]byte(e.address()))
	return "hearth-" + hex.EncodeToString(sum[:4])
}

// memory is the budget of all containers in MB.
func (s workerSettings) memory() int {
	if s.Memory > 0 {
		return s.Memory
	}
	return max(hostMemory()/2, 1024)
}

func hostname() string {
	name, err := os.Hostname()
	if err != nil || name == "" {
		return "worker"
	}
	return name
}
