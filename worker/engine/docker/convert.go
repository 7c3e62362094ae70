package docker

import (
	"maps"
	"slices"
	"strconv"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/go-units"

	"github.com/hearth-faas/hearth/worker/engine"
)

const (
	mb = 1 << 20
	// actionUser is "nobody" of most distributions; no image needs to know it.
	actionUser = "65534:65534"
	// pidsLimit and filesLimit are OpenWhisk's.
	pidsLimit  = 1024
	filesLimit = 1024
	// insideDir is where the socket folder is in a container.
	insideDir = "/run/hearth"
	// minTmp is the least size of /tmp, in MB: what a compiler needs there.
	minTmp = 256

	labelRole   = "hearth.role"   // roleHolder, or absent
	labelHolder = "hearth.holder" // the container whose network this one shares
	labelDir    = "hearth.dir"    // name of the socket folder within Options.Dir
	roleHolder  = "sandbox"
)

// containerConfig is the part of a container that its image could set too.
func containerConfig(spec engine.Spec, labels map[string]string) *container.Config {
	config := &container.Config{
		Image:        spec.Image,
		Labels:       labels,
		AttachStdout: true,
		AttachStderr: true,
	}
	for _, name := range slices.Sorted(maps.Keys(spec.Env)) {
		config.Env = append(config.Env, name+"="+spec.Env[name])
	}
	if !spec.Foreign {
		config.User = actionUser
	}
	if socketed(spec) {
		config.Env = append(config.Env, engine.EnvSocket+"="+socketPath(insideDir))
	}
	return config
}

// socketed says whether a container is called through a socket in a folder of
// the host. One under a low-level runtime of its own may have a kernel of its
// own too, which neither lets sockets through nor joins the sandbox of another
// container: it is called over the bridge, where it has its own address.
func socketed(spec engine.Spec) bool { return !spec.Foreign && spec.Runtime == "" }

// hostConfig is how a container is limited. dir is its socket folder, if it is
// called through one; network a network's name or "container:" and an id.
func hostConfig(spec engine.Spec, network, dir string) *container.HostConfig {
	memory := int64(spec.Memory) * mb
	config := &container.HostConfig{
		Mounts:      fileMounts(spec, dir),
		NetworkMode: container.NetworkMode(network),
		SecurityOpt: []string{"no-new-privileges"},
		Runtime:     spec.Runtime,
		Resources: container.Resources{
			Memory:     memory,
			MemorySwap: memory, // of both together: no swap
			// Actions share a busy processor in proportion to their memory.
			CPUShares: max(int64(spec.Memory), 2),
			PidsLimit: new(int64(pidsLimit)),
			Ulimits:   []*units.Ulimit{{Name: "nofile", Soft: filesLimit, Hard: filesLimit}},
		},
	}
	if spec.Foreign {
		// They may start as root and change user, so they keep what that
		// takes; OpenWhisk drops the same two.
		config.CapDrop = []string{"NET_RAW", "NET_ADMIN"}
		config.LogConfig = container.LogConfig{Type: "local", Config: map[string]string{"max-size": "1m", "max-file": "1", "compress": "false"}}
		if spec.ReadOnly {
			config.ReadonlyRootfs = true
			config.Tmpfs = map[string]string{"/tmp": tmpOptions(spec.Memory)}
		}
		return config
	}
	config.CapDrop = []string{"ALL"}
	config.LogConfig = container.LogConfig{Type: "none"}
	config.ReadonlyRootfs = true
	config.Tmpfs = map[string]string{"/tmp": tmpOptions(spec.Memory)}
	if socketed(spec) {
		config.Mounts = append(config.Mounts, mount.Mount{Type: mount.TypeBind, Source: dir, Target: insideDir})
	}
	return config
}

// tmpOptions mounts /tmp in memory; what is used of it counts as the
// container's own. In large containers half of the limit leaves the action
// enough to find out that its disk is full; in small ones memory ends first.
// Compiled actions are unpacked and run there, hence exec.
func tmpOptions(memory int) string {
	return "rw,exec,nosuid,nodev,mode=1777,size=" + strconv.Itoa(max(memory/2, minTmp)) + "m"
}

// labels returns those of the spec and those of this engine.
func (d *Docker) labels(given map[string]string) map[string]string {
	all := maps.Clone(given)
	if all == nil {
		all = map[string]string{}
	}
	all[engine.LabelDeployment] = d.options.Deployment
	all[engine.LabelWorker] = d.options.Worker
	all[engine.LabelBoot] = d.options.Boot
	return all
}
