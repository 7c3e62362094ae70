package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/client"

	"github.com/hearth-faas/hearth/worker/engine"
)

// deployment marks the containers of this run, so that other platforms on the
// same machine are left alone.
var deployment = "e2e-" + strconv.Itoa(os.Getpid())

// containers lists the ids of this run's containers in every state, of one
// worker where worker is not empty.
func containers(ctx context.Context, worker string) ([]string, error) {
	d, err := client.NewClientWithOpts(client.FromEnv, client.WithAPIVersionNegotiation())
	if err != nil {
		return nil, fmt.Errorf("reach docker: %w", err)
	}
	defer d.Close()
	f := filters.NewArgs(filters.Arg("label", engine.LabelDeployment+"="+deployment))
	if worker != "" {
		f.Add("label", engine.LabelWorker+"="+worker)
	}
	found, err := d.ContainerList(ctx, container.ListOptions{All: true, Filters: f})
	if err != nil {
		return nil, fmt.Errorf("list containers: %w", err)
	}
	var ids []string
	for _, c := range found {
		ids = append(ids, c.ID)
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
