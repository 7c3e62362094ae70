package openfaas

import "runtime"

// provider is the name under which clients know what runs the functions.
// faas-cli and tests switch features off for some names of others.
const provider = "hearth"

type versionJSON struct {
	Message string `json:"commit_message,omitempty"`
	SHA     string `json:"sha"`
	Release string `json:"release"`
}

// info says what this is. Clients dereference every part of it.
func (d *Dialect) info(r *request) error {
	type providerJSON struct {
		Provider      string      `json:"provider"`
		Version       versionJSON `json:"version"`
		Orchestration string      `json:"orchestration"`
	}
	version := versionJSON{SHA: d.opt.Commit, Release: d.opt.Release}
	return r.writeJSON(struct {
		Provider providerJSON `json:"provider"`
		Version  versionJSON  `json:"version"`
		Arch     string       `json:"arch"`
	}{providerJSON{provider, version, "docker"}, version, arch()})
}

// arch is the architecture in the words of uname, which OpenFaaS uses.
func arch() string {
	switch runtime.GOARCH {
	case "amd64":
		return "x86_64"
	case "arm64":
		return "aarch64"
	}
	return runtime.GOARCH
}
