package main

import (
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/hearth-faas/hearth/runtime/images"
	"github.com/hearth-faas/hearth/runtime/kinds"
	"github.com/hearth-faas/hearth/worker/engine/process"
)

// proxyName is the program that runs actions. It is built beside this one, and
// is the first process of every image of the project.
const proxyName = "hearth-proxy"

// localRuntimes says how this machine runs the kinds of a manifest without
// Docker. Kinds whose language is not installed are left out.
func localRuntimes(manifest *kinds.Manifest, dir, proxy string, log *slog.Logger) ([]process.Runtime, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("find the folder of the runtimes: %w", err)
	}
	if proxy, err = findProxy(proxy); err != nil {
		return nil, err
	}
	if err := images.Install(dir); err != nil {
		return nil, err
	}
	var runtimes []process.Runtime
	seen := map[string]bool{}
	for _, kind := range allKinds(manifest) {
		if seen[kind.Image] {
			continue
		}
		seen[kind.Image] = true
		host, ok := images.HostFor(kind.Image, dir)
		if !ok {
			continue
		}
		if host.Command != "" {
			if _, err := exec.LookPath(host.Command); err != nil {
				log.Warn("kind left out, its program is not installed", "kind", kind.Name, "program", host.Command)
				continue
			}
		}
		env := map[string]string{}
		for _, entry := range host.Env {
			if key, value, ok := strings.Cut(entry, "="); ok {
				env[key] = value
			}
		}
		if host.Command == "go" {
			// Without it every action would compile the standard library anew.
			env["GOCACHE"] = filepath.Join(dir, "go-cache")
		}
		runtimes = append(runtimes, process.Runtime{Image: kind.Image, Command: []string{proxy}, Env: env})
	}
	return runtimes, nil
}

func allKinds(manifest *kinds.Manifest) []kinds.Kind {
	var all []kinds.Kind
	for _, family := range manifest.Families() {
		all = append(all, family.Kinds...)
	}
	native, _ := manifest.Blackbox(nativeImage)
	return append(all, native)
}

// findProxy returns the path of the proxy: the one that is named, or the one
// beside this program, or in PATH.
func findProxy(named string) (string, error) {
	if named != "" {
		return filepath.Abs(named)
	}
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find this program: %w", err)
	}
	beside := filepath.Join(filepath.Dir(self), proxyName)
	if _, err := os.Stat(beside); err == nil {
		return beside, nil
	}
	found, err := exec.LookPath(proxyName)
	if err != nil {
		return "", fmt.Errorf("the program %s, which runs actions, is neither beside %s nor in PATH; --proxy names another place", proxyName, self)
	}
	return filepath.Abs(found)
}
