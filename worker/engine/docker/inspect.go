package docker

import (
	"context"
	"fmt"

	"github.com/docker/docker/api/types/container"

	"github.com/hearth-faas/hearth/worker/engine"
)

// Inspect says how the container is. OOMKilled is also true for a container
// that runs on after the kernel killed a child of its main process.
//
// The daemon can miss that the kernel killed a container for memory, when the
// cgroup goes before its watcher has looked. So the cgroup is asked first, and
// what it said is remembered; a caller whose connection breaks should ask at
// once.
func (d *Docker) Inspect(ctx context.Context, id string) (engine.Status, error) {
	killed := d.noteKills(id)
	state, err := d.state(ctx, id)
	if err == nil && state.Running && d.outputEnded(id) {
		state, err = d.settled(ctx, id)
	}
	if err != nil {
		return engine.Status{}, err
	}
	status := engine.Status{
		Running:   state.Running,
		Paused:    state.Paused,
		ExitCode:  state.ExitCode,
		OOMKilled: killed || state.OOMKilled,
	}
	if status.Running {
		status.Paused = status.Paused || d.cgroups.frozen(id)
	}
	return status, nil
}

// noteKills reports whether the kernel has killed a process of the container
// for memory, as far as its cgroup shows or has shown.
func (d *Docker) noteKills(id string) bool {
	killed := d.cgroups.oomKills(id) > 0
	h := d.holding(id)
	if h == nil {
		return killed
	}
	if killed {
		h.oomKilled.Store(true)
	}
	return h.oomKilled.Load()
}

func (d *Docker) outputEnded(id string) bool {
	h := d.holding(id)
	if h == nil {
		return false
	}
	select {
	case <-h.stream.ended:
		return true
	default:
		return false
	}
}

// inspect asks the daemon for all it knows of a container.
func (d *Docker) inspect(ctx context.Context, id string) (all container.InspectResponse, err error) {
	err = d.call(ctx, "inspect container "+id, queryTimeout, func(ctx context.Context) (err error) {
		all, err = d.client.ContainerInspect(ctx, id)
		return err
	})
	if err = gone(err); err != nil {
		return all, err
	}
	if all.ContainerJSONBase == nil || all.State == nil || all.Config == nil {
		return all, fmt.Errorf("inspect container %s: the daemon left its state out", id)
	}
	return all, nil
}

func (d *Docker) state(ctx context.Context, id string) (*container.State, error) {
	all, err := d.inspect(ctx, id)
	if err != nil {
		return nil, err
	}
	return all.State, nil
}

// address returns the container's address on the bridge.
func (d *Docker) address(ctx context.Context, id string) (string, error) {
	all, err := d.inspect(ctx, id)
	if err != nil {
		return "", err
	}
	if all.NetworkSettings != nil {
		for _, end := range all.NetworkSettings.Networks {
			if end != nil && end.NetworkID == d.network && end.IPAddress != "" {
				return end.IPAddress, nil
			}
		}
	}
	// The address is taken away before the end is noted.
	if state, err := d.settled(ctx, id); err == nil && !state.Running {
		return "", exitError(state)
	}
	return "", fmt.Errorf("container %s has no address on network %s", id, d.options.Network)
}

// holding returns what is held of a container, nil if this engine did not
// make it.
func (d *Docker) holding(id string) *held {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.held[id]
}
