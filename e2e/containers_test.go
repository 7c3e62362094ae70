package e2e_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/client"

	"github.com/hearth-faas/hearth/worker/engine"
)

// thisRun marks the containers of this run, so that other platforms on the same
// machine are left alone.
var thisRun = "e2e-" + strconv.Itoa(os.Getpid()) + "-"

// environment gives each platform a deployment of its own: within one, a
// worker removes the containers of those that it does not know.
func environment(platformName string) []string {
	sum := sha256.Sum256([]byte(platformName))
	return []string{"HEARTH_DEPLOYMENT=" + thisRun + hex.EncodeToString(sum[:6])}
}

// containers lists the ids of this run's containers in every state, of one
// worker where worker is not empty.
func containers(ctx context.Context, worker string) ([]string, error) {
	d, err := client.NewClientWithOpts(client.FromEnv, client.WithAPIVersionNegotiation())
	if err != nil {
		return nil, fmt.Errorf("reach docker: %w", err)
	}
	defer d.Close()
	f := filters.NewArgs(filters.Arg("label", engine.LabelDeployment))
	if worker != "" {
		f.Add("label", engine.LabelWorker+"="+worker)
	}
	found, err := d.ContainerList(ctx, container.ListOptions{All: true, Filters: f})
	if err != nil {
		return nil, fmt.Errorf("list containers: %w", err)
	}
	var ids []string
	for _, c := range found {
		if strings.HasPrefix(c.Labels[engine.LabelDeployment], thisRun) {
			ids = append(ids, c.ID)
		}
	}
	return ids, nil
}

// removeContainers removes what processes that were killed have left.
func removeContainers() error {
	ctx, cancel := last()
	defer cancel()
	ids, err := containers(ctx, "")
	if err != nil {
		return err
	}
	d, err := client.NewClientWithOpts(client.FromEnv, client.WithAPIVersionNegotiation())
	if err != nil {
		return fmt.Errorf("reach docker: %w", err)
	}
	defer d.Close()
	var errs []error
	for _, id := range ids {
		// One that is being removed already is as good as removed.
		if err := d.ContainerRemove(ctx, id, container.RemoveOptions{Force: true}); err != nil {
			if left, _ := containers(ctx, ""); len(left) > 0 {
				errs = append(errs, err)
			}
		}
	}
	return errors.Join(errs...)
}
