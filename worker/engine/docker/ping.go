package docker

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/system"
	"github.com/docker/docker/api/types/versions"

	"github.com/hearth-faas/hearth/worker/engine"
)

// minAPI is the oldest API that is tested: that of Docker 20.10.
const minAPI = "1.41"

// negotiate settles on an API version now, so that a daemon which is too old
// or too new is reported at start and not by the first action.
func (d *Docker) negotiate(ctx context.Context) (system.Info, error) {
	limited, cancel := context.WithTimeout(ctx, greetTimeout)
	defer cancel()
	pong, err := d.client.Ping(limited)
	if err != nil {
		return system.Info{}, fmt.Errorf("no docker daemon answers on %s: %w: %w", d.options.Host, engine.ErrUnavailable, err)
	}
	if pong.APIVersion == "" || versions.LessThan(pong.APIVersion, minAPI) {
		return system.Info{}, fmt.Errorf("the docker daemon on %s speaks API %q: version %s, of Docker 20.10, or a later one is needed",
			d.options.Host, pong.APIVersion, minAPI)
	}
	d.client.NegotiateAPIVersionPing(pong)
	var info system.Info
	err = d.call(ctx, "ask docker about its host", queryTimeout, func(ctx context.Context) (err error) {
		info, err = d.client.Info(ctx)
		return err
	})
	if err != nil {
		return info, fmt.Errorf("use API %s of the docker daemon on %s: %w", d.client.ClientVersion(), d.options.Host, err)
	}
	return info, nil
}

// Ping asks the daemon who it is, even while the breaker is open; an answer
// closes it.
func (d *Docker) Ping(ctx context.Context) (engine.Info, error) {
	if err := d.probe(ctx); err != nil {
		return engine.Info{}, err
	}
	info := engine.Info{Name: "docker", APIVersion: d.client.ClientVersion()}
	err := d.call(ctx, "ask docker for its version", queryTimeout, func(ctx context.Context) error {
		version, err := d.client.ServerVersion(ctx)
		info.Version = version.Version
		for _, part := range version.Components {
			if part.Name == "runc" || part.Name == "crun" {
				info.OCIRuntime = part.Name + " " + part.Version
			}
		}
		return err
	})
	if err != nil {
		return engine.Info{}, err
	}
	err = d.call(ctx, "ask docker about its host", queryTimeout, func(ctx context.Context) error {
		host, err := d.client.Info(ctx)
		info.Warnings = d.warnings(host)
		info.Runtimes = slices.Sorted(maps.Keys(host.Runtimes))
		return err
	})
	return info, err
}

// warnings says which protections this host cannot give.
func (d *Docker) warnings(host system.Info) []string {
	var all []string
	if !strings.Contains(strings.Join(host.SecurityOptions, " "), "seccomp") {
		all = append(all, "seccomp is off: actions may use every system call")
	}
	if strings.Contains(strings.Join(host.SecurityOptions, " "), "name=rootless") {
		all = append(all, "docker runs rootless: its bridge is out of reach, so only images of this project can be called")
	}
	if !host.MemoryLimit {
		all = append(all, "the kernel does not limit memory")
	}
	if !host.PidsLimit {
		all = append(all, "the kernel does not limit processes")
	}
	if !host.SwapLimit {
		all = append(all, "the kernel does not limit swap: actions may use as much swap as memory")
	}
	if !d.cgroups.usable() {
		all = append(all, "the cgroup files are not writable here: pausing goes through the daemon and takes 16 ms, not 0.3 ms")
	}
	return all
}
