package docker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/docker/docker/api/types/container"

	"github.com/hearth-faas/hearth/worker/engine"
)

// The daemon ends the output of a container before it notes that it has ended.
const (
	settleTime = 10 * time.Second
	settlePoll = 10 * time.Millisecond
)

// awaitReady waits for the first connection, and then takes the container's
// right to write into its socket folder away.
func (d *Docker) awaitReady(ctx context.Context, spec engine.Spec, c engine.Container) error {
	limited, cancel := context.WithTimeout(ctx, spec.ReadyTimeout)
	defer cancel()
	h := d.holding(c.ID)
	if h == nil {
		return fmt.Errorf("container %s was removed: %w", c.ID, engine.ErrGone)
	}
	err := engine.AwaitConnection(limited, c.Network, c.Address, h.stream.ended)
	if errors.Is(err, engine.ErrEnded) {
		state, lookErr := d.settled(limited, c.ID)
		if lookErr != nil {
			return errors.Join(err, lookErr)
		}
		if !state.Running {
			return exitError(state)
		}
		// It closed its output and lives on.
		err = engine.AwaitConnection(limited, c.Network, c.Address, nil)
	}
	if err != nil || !socketed(spec) {
		return err
	}
	return sealFolder(d.folder(h.dir))
}

// exitError is for a container that ended too early.
func exitError(state *container.State) error {
	err := fmt.Errorf("%w with code %d", engine.ErrEnded, state.ExitCode)
	if noCommand(state.ExitCode) {
		return fmt.Errorf("%w: %w", engine.ErrCommand, err)
	}
	return err
}

// settled returns the state of a container whose output has ended. It is
// running still if it only closed its output.
func (d *Docker) settled(ctx context.Context, id string) (*container.State, error) {
	deadline := time.Now().Add(settleTime)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		state, err := d.state(ctx, id)
		if err != nil || !state.Running || time.Now().After(deadline) {
			return state, err
		}
		timer.Reset(settlePoll)
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for the end of container %s: %w", id, context.Cause(ctx))
		case <-timer.C:
		}
	}
}
