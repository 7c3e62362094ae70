package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"

	"github.com/hearth-faas/hearth/bench/load"
	"github.com/hearth-faas/hearth/bench/report"
)

const (
	coldRatio       = 0.6
	coldCalls       = 8
	prewarmedMedian = 40.0 // ms
	// coldMemory is a size that no container is prewarmed with.
	coldMemory = 192
	// stockMemory is the size of those that are.
	stockMemory = 256
)

// cold measures the first call of an action against making a container of the
// same image by hand, one after the other.
func cold(language string) func(context.Context, *stand, *report.Report) error {
	return func(ctx context.Context, s *stand, r *report.Report) error {
		calls, hand := &load.Histogram{}, &load.Histogram{}
		var image container.InspectResponse
		for range coldCalls {
			name, took, err := s.firstCall(ctx, language, coldMemory)
			if err != nil {
				return err
			}
			calls.Record(took)
			if image, err = s.container(ctx, name); err != nil {
				return err
			}
			if took, err = s.byHand(ctx, image); err != nil {
				return err
			}
			hand.Record(took)
			// Let the platform make ready what it makes ready in advance.
			if err := pause(ctx, 1500*time.Millisecond); err != nil {
				return err
			}
		}
		r.Add(row("first call, "+language, "p50", load.Result{Latency: calls}, load.Result{Latency: hand}, 0.5).AtMostDirect(coldRatio))
		return nil
	}
}

// prewarmed measures first calls that find a started container.
func prewarmed(ctx context.Context, s *stand, r *report.Report) error {
	h := &load.Histogram{}
	for range coldCalls {
		// A new one is started after each; wait until it must be there.
		if err := pause(ctx, 2500*time.Millisecond); err != nil {
			return err
		}
		_, took, err := s.firstCall(ctx, "nodejs", stockMemory)
		if err != nil {
			return err
		}
		h.Record(took)
	}
	r.Add(row("first call, nodejs prewarmed", "p50", load.Result{Latency: h}, load.Result{}, 0.5).AtMost(prewarmedMedian))
	return nil
}

// firstCall makes an action and calls it.
func (s *stand) firstCall(ctx context.Context, language string, memory int) (string, time.Duration, error) {
	name, err := s.deploy(ctx, language, memory)
	if err != nil {
		return "", 0, err
	}
	begin := time.Now()
	rec, err := s.hearth.Call(ctx, name, json.RawMessage(payload))
	if err != nil {
		return "", 0, err
	}
	took := time.Since(begin)
	if !rec.Cold() || !rec.Response.Success {
		return "", 0, fmt.Errorf("first call of %s: cold %v, status %s: %s", name, rec.Cold(), rec.Response.Status, rec.Response.Result)
	}
	return name, took, nil
}

// byHand makes, starts and removes a container like the given one, with a
// network of its own as docker run would, and returns how long it took until
// it answered.
func (s *stand) byHand(ctx context.Context, like container.InspectResponse) (time.Duration, error) {
	dir, err := os.MkdirTemp(s.dir, "hand")
	if err != nil {
		return 0, fmt.Errorf("make folder: %w", err)
	}
	if err := os.Chmod(dir, 0o777); err != nil { //nolint:gosec // the container's user writes its socket there
		return 0, fmt.Errorf("open folder: %w", err)
	}
	config, host := *like.Config, *like.HostConfig
	config.Hostname, config.Labels = "", map[string]string{}
	host.NetworkMode = "bridge"
	i := slices.IndexFunc(host.Mounts, func(m mount.Mount) bool { return m.Target == socketFolder })
	if i < 0 {
		return 0, fmt.Errorf("container %s has no socket folder", like.Name)
	}
	host.Mounts = slices.Clone(host.Mounts)
	host.Mounts[i].Source = dir
	begin := time.Now()
	made, err := s.docker.ContainerCreate(ctx, &config, &host, nil, nil, filepath.Base(s.dir)+"-"+filepath.Base(dir))
	if err != nil {
		return 0, fmt.Errorf("create container: %w", err)
	}
	defer func() {
		_ = s.docker.ContainerRemove(context.WithoutCancel(ctx), made.ID, container.RemoveOptions{Force: true})
	}()
	if err := s.docker.ContainerStart(ctx, made.ID, container.StartOptions{}); err != nil {
		return 0, fmt.Errorf("start container: %w", err)
	}
	if err := answers(ctx, filepath.Join(dir, "proxy.sock")); err != nil {
		return 0, err
	}
	return time.Since(begin), nil
}

// answers waits until somebody listens on a socket.
func answers(ctx context.Context, socket string) error {
	for end := time.Now().Add(time.Minute); ; {
		conn, err := (&net.Dialer{}).DialContext(ctx, "unix", socket)
		if err == nil {
			return conn.Close()
		}
		if time.Now().After(end) {
			return fmt.Errorf("container does not answer: %s", strings.TrimSpace(err.Error()))
		}
		if err := pause(ctx, time.Millisecond); err != nil {
			return err
		}
	}
}
