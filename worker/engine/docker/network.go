package docker

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/network"
)

const (
	optionICC    = "com.docker.network.bridge.enable_icc"
	optionBridge = "com.docker.network.bridge.name"
	makeTries    = 20
	makeWait     = 100 * time.Millisecond
	// metadataIP is where clouds hand the host's credentials to whoever asks.
	metadataIP = "169.254.169.254"
)

// ensureNetwork finds the network, makes it if it is absent, and returns its
// id. One of that name which is there already may be the operator's own; it is
// used as it is, with a warning if it lets containers reach each other.
func (d *Docker) ensureNetwork(ctx context.Context) (string, error) {
	found, err := d.findNetwork(ctx)
	for try := 1; err == nil && found == nil; try++ {
		makeErr := d.makeNetwork(ctx)
		if found, err = d.findNetwork(ctx); found != nil || err != nil {
			break
		}
		if try == makeTries {
			return "", cmp.Or(makeErr, fmt.Errorf("network %s was removed just when it had been made", d.options.Network))
		}
		// Another worker that is making it has not finished.
		select {
		case <-ctx.Done():
			return "", fmt.Errorf("make network: %w", context.Cause(ctx))
		case <-time.After(makeWait):
		}
	}
	if err != nil {
		return "", err
	}
	if found.Driver != "bridge" {
		return "", fmt.Errorf("network %s has driver %q, and containers can be reached over a bridge only", found.Name, found.Driver)
	}
	if found.Options[optionICC] != "false" {
		d.log.WarnContext(ctx, "the network lets containers reach each other", "network", found.Name, "option", optionICC)
	}
	return found.ID, nil
}

// findNetwork returns the network, nil if there is none.
func (d *Docker) findNetwork(ctx context.Context) (*network.Summary, error) {
	name := d.options.Network
	var all []network.Summary
	err := d.call(ctx, "look for network "+name, queryTimeout, func(ctx context.Context) (err error) {
		all, err = d.client.NetworkList(ctx, network.ListOptions{Filters: filters.NewArgs(filters.Arg("name", name))})
		return err
	})
	// The filter finds names that merely contain this one, too.
	i := slices.IndexFunc(all, func(n network.Summary) bool { return n.Name == name })
	if err != nil || i < 0 {
		return nil, err
	}
	return &all[i], nil
}

// makeNetwork makes the network. Docker lets two have one name when they are
// made at once, and then refuses to use either; but it does not let them have
// the same interface, so the interface is named after the network.
func (d *Docker) makeNetwork(ctx context.Context) error {
	name := d.options.Network
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(name)) // never fails
	return d.call(ctx, "make network "+name, createTimeout, func(ctx context.Context) error {
		_, err := d.client.NetworkCreate(ctx, name, network.CreateOptions{
			Driver: "bridge",
			Options: map[string]string{
				optionICC:    "false",
				optionBridge: fmt.Sprintf("hearth-%08x", hash.Sum32()), // 15 bytes, the most that Linux takes
			},
		})
		return err
	})
}

// endpoint puts a container on the network, and gives it the address of the
// metadata service for its own: what it sends there stays in the container,
// and so does anything else for a link-local address, without a firewall rule.
func (d *Docker) endpoint() *network.NetworkingConfig {
	return &network.NetworkingConfig{EndpointsConfig: map[string]*network.EndpointSettings{
		d.network: {IPAMConfig: &network.EndpointIPAMConfig{LinkLocalIPs: []string{metadataIP}}},
	}}
}
