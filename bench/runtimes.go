package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/docker/docker/api/types/container"

	"github.com/hearth-faas/hearth/bench/load"
	"github.com/hearth-faas/hearth/bench/report"
	"github.com/hearth-faas/hearth/runtime/kinds"
)

const (
	runtimeStarts = 5
	// goInit is the goal of compiling a Go action, in ms.
	goInit = 2000.0
)

// greeters are actions that greet, as source text, by family of kinds.
func greeters() map[string]struct{ main, code string } {
	return map[string]struct{ main, code string }{
		"nodejs": {"main", "function main (args) { return { greeting: 'hello ' + args.greeting } }"},
		"python": {"main", "def main(args):\n    return {'greeting': 'hello ' + args['greeting']}\n"},
		"ruby":   {"main", "def main(args) = { greeting: 'hello ' + args['greeting'] }\n"},
		"php":    {"main", "<?php\nfunction main(array $args): array { return ['greeting' => 'hello ' . $args['greeting']]; }\n"},
		"go":     {"main", "package main\n\nfunc Main(args map[string]any) map[string]any { return map[string]any{\"greeting\": args[\"greeting\"]} }\n"},
		"java":   {"Hello", "import com.google.gson.JsonObject;\n\npublic class Hello {\n  public static JsonObject main(JsonObject args) { return args; }\n}\n"},
		"native": {"main", "#!/bin/sh\ncat\n"},
	}
}

// runtimes measures what a first call of each kind consists of: a container
// that is ready, /init with source text, and /run.
func runtimes(ctx context.Context, s *stand, r *report.Report) error {
	for _, family := range kinds.Default().Families() {
		for _, kind := range family.Kinds {
			if err := s.runtime(ctx, r, family.Name, kind.Name, kind.Image); err != nil {
				return err
			}
		}
	}
	return s.runtime(ctx, r, "native", "native", "hearth/runtime-native:1")
}

func (s *stand) runtime(ctx context.Context, r *report.Report, family, kind, image string) error {
	about, err := s.docker.ImageInspect(ctx, image)
	if err != nil {
		return fmt.Errorf("inspect image of %s: %w", kind, err)
	}
	greeter, ok := greeters()[family]
	if !ok {
		return fmt.Errorf("there is no action for kinds of %s", family)
	}
	var ready, init, run load.Histogram
	for range runtimeStarts {
		err := s.firstSteps(ctx, image, map[string]any{"name": "greet", "main": greeter.main, "code": greeter.code}, &ready, &init, &run)
		if err != nil {
			return fmt.Errorf("kind %s: %w", kind, err)
		}
	}
	median := func(figure string, h *load.Histogram) report.Row {
		return row(kind+", "+figure, "p50", load.Result{Latency: h}, load.Result{}, 0.5)
	}
	inits := median("init", &init)
	if family == "go" {
		inits = inits.AtMost(goInit)
	}
	r.Add(median("container ready", &ready), inits, median("first run", &run),
		report.Row{Scenario: kind + ", image", Figure: "size", Value: float64(about.Size) / 1e6, Unit: report.Megabytes})
	return nil
}

// firstSteps makes a container and records how long each step takes.
func (s *stand) firstSteps(ctx context.Context, image string, action map[string]any, ready, init, run *load.Histogram) error {
	dir, err := os.MkdirTemp(s.dir, "first")
	if err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	if err := os.Chmod(dir, 0o777); err != nil { //nolint:gosec // the container's user writes its socket there
		return fmt.Errorf("open folder: %w", err)
	}
	begin := time.Now()
	made, err := s.docker.ContainerCreate(ctx,
		&container.Config{Image: image, Env: []string{"HEARTH_SOCKET=" + socketFolder + "/proxy.sock"}},
		&container.HostConfig{
			NetworkMode: "none", Binds: []string{dir + ":" + socketFolder}, ReadonlyRootfs: true,
			Tmpfs: map[string]string{"/tmp": "exec,size=256m"}, Resources: container.Resources{Memory: stockMemory << 20},
		}, nil, nil, "")
	if err != nil {
		return fmt.Errorf("create container: %w", err)
	}
	defer func() {
		_ = s.docker.ContainerRemove(context.WithoutCancel(ctx), made.ID, container.RemoveOptions{Force: true, RemoveVolumes: true})
	}()
	if err := s.docker.ContainerStart(ctx, made.ID, container.StartOptions{}); err != nil {
		return fmt.Errorf("start container: %w", err)
	}
	socket := filepath.Join(dir, "proxy.sock")
	if err := answers(ctx, socket); err != nil {
		return err
	}
	ready.Record(time.Since(begin))
	body, err := json.Marshal(map[string]any{"value": action})
	if err != nil {
		return fmt.Errorf("encode action: %w", err)
	}
	if err := step(ctx, socket, "/init", body, init); err != nil {
		return err
	}
	return step(ctx, socket, "/run", runBody("greet"), run)
}

// step posts to a container and records how long the answer takes.
func step(ctx context.Context, socket, path string, body []byte, took *load.Histogram) error {
	client := http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		},
		DisableKeepAlives: true,
	}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://container"+path, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("make request: %w", err)
	}
	begin := time.Now()
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("post %s: %w", path, err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("read answer of %s: %w", path, err)
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: status %d: %.300s", path, resp.StatusCode, answer)
	}
	took.Record(time.Since(begin))
	return nil
}
