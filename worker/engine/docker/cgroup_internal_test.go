package docker

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// The files of both cgroup versions and drivers, made of plain files: of the
// four, a machine has one, and that is tested with real containers.
func TestCgroupFiles(t *testing.T) {
	t.Parallel()
	const id = "0123abcd"
	cases := []struct {
		name, version, driver string
		freezer, memory       string // folders of the container
		file, frozen, thawed  string // what freezing and thawing write
		events, ooms          string // files that the kernel fills
		eventsText, oomsText  string
	}{
		{
			"version 1, cgroupfs", "1", "cgroupfs", "freezer/docker/" + id, "memory/docker/" + id,
			"freezer.state", "FROZEN", "THAWED", "", "memory.oom_control", "", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n",
		},
		{
			"version 1, systemd", "1", "systemd", "freezer/system.slice/docker-" + id + ".scope", "memory/system.slice/docker-" + id + ".scope",
			"freezer.state", "FROZEN", "THAWED", "", "memory.oom_control", "", "oom_kill 2\n",
		},
		{
			"version 2, cgroupfs", "2", "cgroupfs", "docker/" + id, "docker/" + id,
			"cgroup.freeze", "1", "0", "cgroup.events", "memory.events", "populated 1\nfrozen 1\n", "low 0\noom 3\noom_kill 2\n",
		},
		{
			"version 2, systemd", "2", "systemd", "system.slice/docker-" + id + ".scope", "system.slice/docker-" + id + ".scope",
			"cgroup.freeze", "1", "0", "cgroup.events", "memory.events", "populated 1\nfrozen 1\n", "oom_kill 2\n",
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			g := newCgroups(c.version, c.driver)
			g.root = t.TempDir()
			if err := g.freeze(t.Context(), id); !errors.Is(err, errNoCgroup) {
				t.Errorf("freeze without a cgroup = %v, want errNoCgroup", err)
			}
			file := filepath.Join(g.root, c.freezer, c.file)
			write(t, file, "x")
			write(t, filepath.Join(g.root, c.memory, c.ooms), c.oomsText)
			if c.events != "" {
				write(t, filepath.Join(g.root, c.freezer, c.events), c.eventsText)
			}
			if err := g.freeze(t.Context(), id); err != nil {
				t.Errorf("freeze: %v", err)
			}
			if got := read(t, file); got != c.frozen {
				t.Errorf("freezing wrote %q, want %q", got, c.frozen)
			}
			if !g.frozen(id) {
				t.Error("not frozen")
			}
			if !g.thaw(id) {
				t.Error("not thawed")
			}
			if got := read(t, file); got != c.thawed {
				t.Errorf("thawing wrote %q, want %q", got, c.thawed)
			}
			if got := g.oomKills(id); got != 2 {
				t.Errorf("%d killed for memory, want 2", got)
			}
		})
	}
}

// What does not freeze is thawed and reported.
func TestFreezeThatDoesNotComplete(t *testing.T) {
	t.Parallel()
	g := newCgroups("2", "cgroupfs")
	g.root = t.TempDir()
	file := filepath.Join(g.root, "docker", "id", "cgroup.freeze")
	write(t, file, "0")
	write(t, filepath.Join(filepath.Dir(file), "cgroup.events"), "populated 1\nfrozen 0\n")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := g.freeze(ctx, "id"); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, errNoCgroup) {
		t.Errorf("freeze = %v, want a deadline that passed", err)
	}
	if got := read(t, file); got != "0" {
		t.Errorf("left at %q, want thawed", got)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
