package docker

import (
	"context"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"

	"github.com/hearth-faas/hearth/worker/engine"
)

// List returns the deployment's containers. The sandboxes of this engine are
// its own affair and left out; those of others are there, so that who knows
// them to be orphans can remove them like any container.
func (d *Docker) List(ctx context.Context) ([]engine.Listed, error) {
	var found []container.Summary
	err := d.call(ctx, "list containers", queryTimeout, func(ctx context.Context) (err error) {
		found, err = d.client.ContainerList(ctx, container.ListOptions{
			All:     true,
			Filters: filters.NewArgs(filters.Arg("label", engine.LabelDeployment+"="+d.options.Deployment)),
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	all := make([]engine.Listed, 0, len(found))
	for _, c := range found {
		if c.Labels[labelRole] == roleHolder && c.Labels[engine.LabelBoot] == d.options.Boot {
			continue
		}
		all = append(all, engine.Listed{
			ID:      c.ID,
			Labels:  c.Labels,
			Created: time.Unix(c.Created, 0),
			Running: c.State == container.StateRunning || c.State == container.StatePaused,
		})
	}
	return all, nil
}
