package docker

import (
	"context"
	"fmt"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/network"
)

const (
	optionICC = "com.docker.network.bridge.enable_icc"
	// metadataIP is where clouds hand the host's credentials to whoever asks.
	metadataIP = "169.254.169.254"
)

// ensureNetwork makes the network if it is absent. One of that name which is
// there already may be the operator's own; it is used as it is, with a warning
// if it lets containers reach each other.
func (d *Docker) ensureNetwork(ctx context.Context) error {
	name := d.options.Network
	doing := "look for network " + name
	var found network.Inspect
	look := func(ctx context.Context) (err error) {
		found, err = d.client.NetworkInspect(ctx, name, network.InspectOptions{})
		return err
	}
	err := d.call(ctx, doing, queryTimeout, look)
	if cerrdefs.IsNotFound(err) {
		err = d.call(ctx, "make network "+name, createTimeout, func(ctx context.Context) error {
			_, err := d.client.NetworkCreate(ctx, name, network.CreateOptions{
				Driver:  "bridge",
				Options: map[string]string{optionICC: "false"},
			})
			// Another worker on this host may have been faster.
			return forgive(err, cerrdefs.ErrConflict)
		})
		if err == nil {
			err = d.call(ctx, doing, queryTimeout, look)
		}
	}
	if err != nil {
		return err
	}
	if found.Driver != "bridge" {
		return fmt.Errorf("network %s has driver %q, and containers can be reached over a bridge only", name, found.Driver)
	}
	if found.Options[optionICC] != "false" {
		d.log.WarnContext(ctx, "the network lets containers reach each other", "network", name, "option", optionICC)
	}
	return nil
}

// endpoint puts a container on the network, and gives it the address of the
// metadata service for its own: what it sends there stays in the container,
// and so does anything else for a link-local address, without a firewall rule.
func (d *Docker) endpoint() *network.NetworkingConfig {
	return &network.NetworkingConfig{EndpointsConfig: map[string]*network.EndpointSettings{
		d.options.Network: {IPAMConfig: &network.EndpointIPAMConfig{LinkLocalIPs: []string{metadataIP}}},
	}}
}
