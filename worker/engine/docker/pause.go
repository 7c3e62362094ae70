package docker

import (
	"context"
	"errors"
	"fmt"

	cerrdefs "github.com/containerd/errdefs"

	"github.com/hearth-faas/hearth/worker/engine"
)

// Pause freezes the container through its cgroup file, or through the daemon
// where that file cannot be written.
func (d *Docker) Pause(ctx context.Context, id string) error {
	err := d.cgroups.freeze(ctx, id)
	if err == nil {
		return nil
	}
	if !errors.Is(err, errNoCgroup) {
		return fmt.Errorf("pause container %s: %w", id, err)
	}
	err = d.call(ctx, "pause container "+id, pauseTimeout, func(ctx context.Context) error {
		return d.client.ContainerPause(ctx, id)
	})
	return d.settle(ctx, id, gone(err), true)
}

// Resume thaws the container the way it was frozen.
func (d *Docker) Resume(ctx context.Context, id string) error {
	if d.cgroups.thaw(id) {
		return nil
	}
	err := d.call(ctx, "resume container "+id, pauseTimeout, func(ctx context.Context) error {
		return d.client.ContainerUnpause(ctx, id)
	})
	return d.settle(ctx, id, gone(err), false)
}

// settle looks what the daemon means by a conflict: the container is in the
// wanted state already, or it has ended.
func (d *Docker) settle(ctx context.Context, id string, err error, paused bool) error {
	if !errors.Is(err, cerrdefs.ErrConflict) && !errors.Is(err, cerrdefs.ErrInternal) {
		return err
	}
	state, lookErr := d.state(ctx, id)
	switch {
	case lookErr != nil:
		return errors.Join(err, lookErr)
	case !state.Running:
		return fmt.Errorf("%w: %w", engine.ErrGone, err)
	case state.Paused == paused:
		return nil
	}
	return err
}
