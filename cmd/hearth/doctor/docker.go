package doctor

import (
	"context"
	"strings"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/system"
	"github.com/docker/docker/client"
)

// oldestAPI is the oldest API that is tested: that of Docker 20.10.
const oldestAPI = "1.41"

// Docker checks the daemon at an address, and that it has the images. An
// empty address is the daemon's usual one.
func Docker(host string, images []string) Check {
	return func(ctx context.Context) []Finding {
		options := []client.Opt{client.WithAPIVersionNegotiation()}
		if host != "" {
			options = append(options, client.WithHost(host))
		}
		api, err := client.NewClientWithOpts(options...)
		if err != nil {
			return []Finding{finding(Fail, "docker", "cannot be asked: %v", err)}
		}
		defer api.Close()
		version, err := api.ServerVersion(ctx)
		if err != nil {
			return []Finding{finding(Warn, "docker", "does not answer, actions would run without isolation: %v", err)}
		}
		all := []Finding{daemon(version), runc(version)}
		info, err := api.Info(ctx)
		if err != nil {
			return append(all, finding(Fail, "docker", "does not tell about its host: %v", err))
		}
		all = append(all, cgroup(info)...)
		return append(all, present(ctx, api, images))
	}
}

func daemon(v types.Version) Finding {
	if Older(v.APIVersion, oldestAPI) {
		return finding(Fail, "docker", "version %s speaks API %s, %s or later is needed", v.Version, v.APIVersion, oldestAPI)
	}
	return finding(OK, "docker", "version %s, API %s", v.Version, v.APIVersion)
}

// runc warns of versions before the fixes of CVE-2025-31133, CVE-2025-52565
// and CVE-2025-52881, which let a container out: 1.2.8, 1.3.3 and 1.4.0.
// Distributions also fix older versions without a change of the number, which
// is why this is no failure.
func runc(v types.Version) Finding {
	version := ""
	for _, part := range v.Components {
		if part.Name == "runc" {
			version = strings.TrimPrefix(part.Version, "v")
		}
	}
	fixed := "1.2.8"
	if !Older(version, "1.3") {
		fixed = "1.3.3"
	}
	switch {
	case version == "":
		return finding(Warn, "runc", "its version is unknown; before 1.2.8 and 1.3.3 containers can break out")
	case Older(version, fixed):
		return finding(Warn, "runc", "version %s: before %s containers can break out (CVE-2025-31133), unless your distribution has fixed it under the old number", version, fixed)
	}
	return finding(OK, "runc", "version %s", version)
}

func cgroup(info system.Info) []Finding {
	all := []Finding{finding(OK, "cgroup", "version %s, driver %s", info.CgroupVersion, info.CgroupDriver)}
	for _, limit := range []struct {
		there bool
		text  string
	}{
		{info.MemoryLimit, "the kernel does not limit memory: an action can take all of it"},
		{info.PidsLimit, "the kernel does not limit processes: an action can take all of them"},
		{info.SwapLimit, "the kernel does not limit swap: an action can use as much swap as memory (swapaccount=1)"},
		{strings.Contains(strings.Join(info.SecurityOptions, " "), "seccomp"), "seccomp is off: actions may use every system call"},
	} {
		if !limit.there {
			all = append(all, finding(Warn, "cgroup", "%s", limit.text))
		}
	}
	return all
}

func present(ctx context.Context, api *client.Client, images []string) Finding {
	var missing []string
	for _, image := range images {
		if _, err := api.ImageInspect(ctx, image); err != nil {
			missing = append(missing, image)
		}
	}
	if len(missing) > 0 {
		return finding(Warn, "runtime images", "missing, and pulled at the first call if they can be: %s; ./task runtimes builds them", strings.Join(missing, " "))
	}
	return finding(OK, "runtime images", "all %d are here", len(images))
}
