package docker

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// errNoCgroup says that the container's cgroup is not to be found or written
// here: another cgroup parent, no rights, or a container that has ended.
var errNoCgroup = errors.New("no cgroup of the container here")

const (
	cgroupRoot    = "/sys/fs/cgroup"
	freezeTimeout = 5 * time.Second
	freezePoll    = 200 * time.Microsecond
	writable      = 2 // W_OK of access(2)
)

// cgroups reads and writes the files of containers' cgroups. Freezing so takes
// 0.3 ms, through the daemon 16 ms.
type cgroups struct {
	root    string
	v2      bool
	systemd bool
}

// newCgroups takes version and driver as the daemon tells them.
func newCgroups(version, driver string) cgroups {
	return cgroups{root: cgroupRoot, v2: version == "2", systemd: driver == "systemd"}
}

// dir returns the folder of a container's cgroup. The controller counts in
// version 1 only.
func (c cgroups) dir(controller, id string) string {
	name := filepath.Join("docker", filepath.Base(id))
	if c.systemd {
		name = filepath.Join("system.slice", "docker-"+filepath.Base(id)+".scope")
	}
	if c.v2 {
		return filepath.Join(c.root, name)
	}
	return filepath.Join(c.root, controller, name)
}

// usable reports whether this process may freeze through the files.
func (c cgroups) usable() bool {
	root := c.root
	if !c.v2 {
		root = filepath.Join(c.root, "freezer")
	}
	return syscall.Access(root, writable) == nil
}

func (c cgroups) set(id string, frozen bool) error {
	file, text := "freezer.state", "THAWED"
	switch {
	case c.v2 && frozen:
		file, text = "cgroup.freeze", "1"
	case c.v2:
		file, text = "cgroup.freeze", "0"
	case frozen:
		text = "FROZEN"
	}
	// Not os.WriteFile: it would create what is not there.
	f, err := os.OpenFile(filepath.Join(c.dir("freezer", id), file), os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("%w: %w", errNoCgroup, err)
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	return nil
}

// freeze returns when the kernel says that no process of the container runs.
func (c cgroups) freeze(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(ctx, freezeTimeout)
	defer cancel()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		// Version 1 may stay half frozen while processes fork; asking again
		// completes it.
		if err := c.set(id, true); err != nil {
			return err
		}
		if c.frozen(id) {
			return nil
		}
		timer.Reset(freezePoll)
		select {
		case <-ctx.Done():
			return errors.Join(errors.New("not all processes have frozen"), context.Cause(ctx), c.set(id, false))
		case <-timer.C:
		}
	}
}

// thaw lets the container run on, and reports whether the files allowed it.
func (c cgroups) thaw(id string) bool { return c.set(id, false) == nil }

// frozen reports whether all processes of the container are frozen.
func (c cgroups) frozen(id string) bool {
	if c.v2 {
		n, _ := c.count(id, "", "cgroup.events", "frozen")
		return n == 1
	}
	text, err := os.ReadFile(filepath.Join(c.dir("freezer", id), "freezer.state"))
	return err == nil && strings.TrimSpace(string(text)) == "FROZEN"
}

// oomKills is how many processes of a running container the kernel has killed
// for memory.
func (c cgroups) oomKills(id string) int {
	file := "memory.oom_control"
	if c.v2 {
		file = "memory.events"
	}
	n, _ := c.count(id, "memory", file, "oom_kill")
	return n
}

// count reads one number from a file of lines of a key and a number.
func (c cgroups) count(id, controller, file, key string) (int, error) {
	text, err := os.ReadFile(filepath.Join(c.dir(controller, id), file))
	if err != nil {
		return 0, fmt.Errorf("read %s: %w", file, err)
	}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) == 2 && fields[0] == key {
			n, err := strconv.Atoi(fields[1])
			if err != nil {
				return 0, fmt.Errorf("read %s in %s: %w", key, file, err)
			}
			return n, nil
		}
	}
	return 0, fmt.Errorf("read %s in %s: %w", key, file, fs.ErrNotExist)
}
