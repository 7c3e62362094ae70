package docker

import (
	"context"
	"errors"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"

	"github.com/hearth-faas/hearth/worker/engine"
)

// Remove kills and deletes the container, its sandbox and its socket folder,
// also those of a container that an earlier engine made.
func (d *Docker) Remove(ctx context.Context, id string) error {
	h := d.holding(id)
	if h == nil {
		found, err := d.inspect(ctx, id)
		if errors.Is(err, engine.ErrGone) {
			return nil
		}
		if err != nil {
			return err
		}
		h = &held{dir: found.Config.Labels[labelDir], holder: found.Config.Labels[labelHolder]}
	}
	return d.discard(ctx, id, h)
}

// discard deletes whatever there is of a container, which may have no id yet.
func (d *Docker) discard(ctx context.Context, id string, h *held) error {
	if id != "" {
		if err := d.kill(ctx, id); err != nil {
			return err
		}
	}
	var errs []error
	if h.stream != nil {
		errs = append(errs, h.stream.finish())
	}
	if h.holder != "" {
		errs = append(errs, d.kill(ctx, h.holder))
	}
	errs = append(errs, d.removeFolder(h.dir))
	if err := errors.Join(errs...); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.held, id)
	return nil
}

// kill deletes a container in whatever state it is. One that is frozen would
// never take the signal, so it is thawed first. One that is gone, or that
// someone else is removing just now, is as good as removed.
func (d *Docker) kill(ctx context.Context, id string) error {
	d.cgroups.thaw(id)
	return d.call(ctx, "remove container "+id, removeTimeout, func(ctx context.Context) error {
		err := d.client.ContainerRemove(ctx, id, container.RemoveOptions{Force: true, RemoveVolumes: true})
		return forgive(err, cerrdefs.ErrNotFound, cerrdefs.ErrConflict)
	})
}
