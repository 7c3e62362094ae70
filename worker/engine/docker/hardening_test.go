package docker_test

import (
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hearth-faas/hearth/worker/engine"
	"github.com/hearth-faas/hearth/worker/engine/docker"
	"github.com/hearth-faas/hearth/worker/engine/enginetest"
)

// TestHardening asks the program in a container what it can do.
func TestHardening(t *testing.T) {
	t.Parallel()
	d := setup(t, nil)
	large := func(s *engine.Spec) { s.Memory = 1024 }
	ours := enginetest.Create(t, enginetest.Target{Engine: d, Image: shared.image}, large)
	foreign := enginetest.Create(t, enginetest.Target{Engine: d, Image: shared.exposed, Foreign: true}, large)

	const anError = "error: "
	cases := []struct {
		name   string
		box    *enginetest.Box
		path   string
		line   string // of a file of lines, the one that starts so; or empty
		want   string
		prefix bool // want is only the beginning
	}{
		{"ours runs as nobody", ours, "/read?path=/proc/self/status", "Uid:", "65534 65534 65534 65534", false},
		{"ours has the group of nobody", ours, "/read?path=/proc/self/status", "Gid:", "65534 65534 65534 65534", false},
		{"ours has no capability", ours, "/read?path=/proc/self/status", "CapEff:", "0000000000000000", false},
		{"ours can get no capability", ours, "/read?path=/proc/self/status", "CapBnd:", "0000000000000000", false},
		{"ours gains no privilege from a program", ours, "/read?path=/proc/self/status", "NoNewPrivs:", "1", false},
		{"foreign gains no privilege from a program", foreign, "/read?path=/proc/self/status", "NoNewPrivs:", "1", false},
		{"foreign keeps Docker's capabilities but NET_RAW", foreign, "/read?path=/proc/self/status", "CapBnd:", "00000000a80405fb"[:8], true},
		{"ours opens at most 1024 files", ours, "/read?path=/proc/self/limits", "Max open files", "1024 1024 files", false},
		{"foreign opens at most 1024 files", foreign, "/read?path=/proc/self/limits", "Max open files", "1024 1024 files", false},
		{"ours cannot write to its root", ours, "/write?path=/evil&mb=0", "", anError, true},
		{"foreign can write to its root, which goes with it", foreign, "/write?path=/file&mb=1", "", "ok", false},
		{"ours cannot write where its socket is", ours, "/write?path=/run/hearth/evil&mb=0", "", anError, true},
		{"ours can write to /tmp", ours, "/write?path=/tmp/file&mb=1", "", "ok", false},
		{"ours cannot fill /tmp over its size", ours, "/write?path=/tmp/large&mb=600", "", anError, true},
		{"ours does not see Docker's socket", ours, "/dial?network=unix&address=/var/run/docker.sock", "", anError, true},
		{"ours asks itself instead of the cloud's metadata service", ours, "/dial?network=tcp&address=169.254.169.254:80", "", anError, true},
		{"foreign asks itself instead of the cloud's metadata service", foreign, "/dial?network=tcp&address=169.254.169.254:8080", "", "ok", false},
		{"the foreign one listens", foreign, "/dial?network=tcp&address=127.0.0.1:8080", "", "ok", false},
		{"ours cannot reach another container", ours, "/dial?network=tcp&address=" + foreign.Address, "", anError, true},
		{"ours cannot pull the kernel's levers", ours, "/write?path=/proc/sysrq-trigger&mb=0", "", anError, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := c.box.Get(t, c.path)
			if c.line != "" {
				got = lineOf(got, c.line)
			}
			if got != c.want && (!c.prefix || !strings.HasPrefix(got, c.want)) {
				t.Errorf("%s = %q, want %q", c.path, got, c.want)
			}
		})
	}
}

// lineOf returns what follows the start of the line that begins with it, with
// single blanks.
func lineOf(text, start string) string {
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, start); ok {
			return strings.Join(strings.Fields(rest), " ")
		}
	}
	return "no such line"
}

func TestProcessesAreLimited(t *testing.T) {
	t.Parallel()
	b := enginetest.Create(t, enginetest.Target{Engine: setup(t, nil), Image: shared.image},
		func(s *engine.Spec) { s.Memory = 2048 })
	if got := b.Get(t, "/open?count=2000"); len(got) > 4 || got < "1000" {
		t.Errorf("opened %s files, want just under 1024", got)
	}
	// Each child is a process of several threads, and threads count.
	if got := b.Get(t, "/fork?count=1100"); len(got) > 3 {
		t.Errorf("started %s children, want fewer than 1000", got)
	}
	b.Get(t, "/ticks")
}

// TestWhatDockerIsTold checks what a program inside cannot see.
func TestWhatDockerIsTold(t *testing.T) {
	t.Parallel()
	d := setup(t, nil)
	for _, foreign := range []bool{false, true} {
		target := enginetest.Target{Engine: d, Image: shared.image, Foreign: foreign}
		if foreign {
			target.Image = shared.exposed
		}
		b := enginetest.Create(t, target, func(s *engine.Spec) {
			s.Memory = 64
			s.Env = map[string]string{"KEY": "value"}
		})
		got := inspect(t, b.ID)
		host := got.HostConfig
		if host.Memory != 64<<20 || host.MemorySwap != 64<<20 {
			t.Errorf("memory = %d, with swap %d, want 64 MB of both together", host.Memory, host.MemorySwap)
		}
		if host.CPUShares != 64 {
			t.Errorf("processor shares = %d, want as many as MB of memory", host.CPUShares)
		}
		if len(host.PortBindings) > 0 || host.PublishAllPorts {
			t.Errorf("ports are published: %v", host.PortBindings)
		}
		if host.Privileged || len(host.CapAdd) > 0 || len(host.Devices) > 0 || host.PidMode != "" {
			t.Errorf("privileges: %+v", host)
		}
		wantLog, wantDrop := "none", []string{"ALL"}
		if foreign {
			wantLog, wantDrop = "local", []string{"CAP_NET_ADMIN", "CAP_NET_RAW"}
		}
		if host.LogConfig.Type != wantLog {
			t.Errorf("log driver = %s, want %s", host.LogConfig.Type, wantLog)
		}
		drop := slices.Clone([]string(host.CapDrop))
		for i, name := range drop {
			if name != "ALL" && !strings.HasPrefix(name, "CAP_") {
				drop[i] = "CAP_" + name
			}
		}
		slices.Sort(drop)
		if diff := cmp.Diff(drop, wantDrop); diff != "" {
			t.Errorf("dropped capabilities (-got +want):\n%s", diff)
		}
		if !slices.Contains(got.Config.Env, "KEY=value") {
			t.Errorf("env = %v, want KEY=value", got.Config.Env)
		}
	}
}

// TestSocketFolder looks at the socket's folder from the host.
func TestSocketFolder(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "hearth")
	if err != nil {
		t.Fatal(err)
	}
	d := setup(t, func(o *docker.Options) { o.Dir = filepath.Join(dir, "s") })
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	b := enginetest.Create(t, enginetest.Target{Engine: d, Image: shared.image}, nil)
	for path, want := range map[string]os.FileMode{
		filepath.Join(dir, "s"):               0o700,
		filepath.Dir(b.Address):               0o755,
		filepath.Dir(filepath.Dir(b.Address)): 0o700,
	} {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s has mode %v, want %v (%v)", path, info.Mode().Perm(), want, err)
		}
	}
	conn, err := net.Dial("unix", b.Address)
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	conn.Close()
}

// TestSandboxes checks that a network is never used twice.
func TestSandboxes(t *testing.T) {
	t.Parallel()
	d := setup(t, func(o *docker.Options) { o.Sandboxes = 1 })
	deployment := ""
	used := map[string]string{}
	for range 4 {
		b := enginetest.Create(t, enginetest.Target{Engine: d, Image: shared.image}, nil)
		got := inspect(t, b.ID)
		deployment = got.Config.Labels[engine.LabelDeployment]
		if holder, ok := strings.CutPrefix(string(got.HostConfig.NetworkMode), "container:"); ok {
			if before := used[holder]; before != "" {
				t.Errorf("containers %s and %s share a network", before, b.ID)
			}
			used[holder] = b.ID
		}
		enginetest.Await(t, "the next sandbox", func() bool {
			free := 0
			for _, c := range containers(t, deployment) {
				if c.Labels["hearth.role"] == "sandbox" && used[c.ID] == "" && c.State == "running" {
					free++
				}
			}
			return free > 0
		})
	}
	if len(used) == 0 {
		t.Error("no container used a sandbox that was ready")
	}
	holders := slices.Collect(maps.Keys(used))
	for _, holder := range holders {
		if err := d.Remove(t.Context(), used[holder]); err != nil {
			t.Errorf("Remove: %v", err)
		}
	}
	for _, c := range containers(t, deployment) {
		if slices.Contains(holders, c.ID) {
			t.Errorf("the sandbox %s outlived its container", c.ID)
		}
	}
}
