package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"

	"github.com/hearth-faas/hearth/bench/load"
	"github.com/hearth-faas/hearth/worker/engine"
)

// socketFolder is where a container of ours finds the folder of its socket.
const socketFolder = "/run/hearth"

// direct is a client that posts /run to the container which the platform keeps
// warm for an action, past the platform. Use it once the platform is done with
// that container: the lines that end its logs are not expected there.
func (s *stand) direct(ctx context.Context, action string) (*load.Client, error) {
	c, err := s.container(ctx, action)
	if err != nil {
		return nil, err
	}
	for _, m := range c.Mounts {
		if m.Destination == socketFolder {
			return load.NewClient(load.Target{
				Network: "unix", Address: filepath.Join(m.Source, "proxy.sock"), Path: "/run", Body: runBody(action),
			}), nil
		}
	}
	return nil, fmt.Errorf("container of %s has no socket", action)
}

// runBody is what the platform itself sends to /run.
func runBody(action string) []byte {
	b, err := json.Marshal(map[string]any{
		"value":     json.RawMessage(payload),
		"namespace": "guest", "action_name": "/guest/" + action, "action_version": "0.0.1",
		"activation_id": strings.Repeat("0", 32), "transaction_id": strings.Repeat("0", 32),
		"deadline": strconv.FormatInt(time.Now().Add(time.Hour).UnixMilli(), 10),
	})
	if err != nil {
		panic(err) // of constants and strings
	}
	return b
}

// container is the newest container of an action.
func (s *stand) container(ctx context.Context, action string) (container.InspectResponse, error) {
	list, err := s.docker.ContainerList(ctx, container.ListOptions{All: true, Filters: filters.NewArgs(s.mine())})
	if err != nil {
		return container.InspectResponse{}, fmt.Errorf("list containers: %w", err)
	}
	for _, c := range list {
		if label := c.Labels[engine.LabelAction]; label == action || strings.HasSuffix(label, "/"+action) {
			in, err := s.docker.ContainerInspect(ctx, c.ID)
			if err != nil {
				return in, fmt.Errorf("inspect container: %w", err)
			}
			return in, nil
		}
	}
	return container.InspectResponse{}, fmt.Errorf("no container of %s among %d", action, len(list))
}

func (s *stand) mine() filters.KeyValuePair {
	return filters.Arg("label", engine.LabelDeployment+"="+s.deployment)
}

// removeContainers removes what a platform that did not end well has left.
func (s *stand) removeContainers(ctx context.Context) error {
	list, err := s.docker.ContainerList(ctx, container.ListOptions{All: true, Filters: filters.NewArgs(s.mine())})
	if err != nil {
		return fmt.Errorf("list containers: %w", err)
	}
	var errs []error
	for _, c := range list {
		errs = append(errs, s.docker.ContainerRemove(ctx, c.ID, container.RemoveOptions{Force: true}))
	}
	return errors.Join(errs...)
}
