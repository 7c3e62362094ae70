package e2e_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/client"

	"github.com/hearth-faas/hearth/e2e/platform"
)

// dockerd is a Docker daemon of a test's own, which may be killed.
type dockerd struct {
	*platform.Process
	client *client.Client
	dir    string
}

// newDockerd starts a daemon that has the image of Node.js. It is in a network
// namespace of its own: one that is told to have no default bridge would delete
// that of the machine's daemon.
func newDockerd(t *testing.T) *dockerd {
	t.Helper()
	dir, err := os.MkdirTemp("", "dockerd") // the path of a socket must be short
	ok(t, err)
	d := &dockerd{dir: dir}
	d.client, err = client.NewClientWithOpts(client.WithHost(d.host()), client.WithAPIVersionNegotiation())
	ok(t, err)
	t.Cleanup(func() { d.remove(t) })
	d.start(t)
	d.load(t)
	return d
}

// runtimeNode is the image of the default Node.js.
const runtimeNode = "hearth/runtime-nodejs:24"

// load copies the image from the machine's own daemon.
func (d *dockerd) load(t *testing.T) {
	t.Helper()
	stream, err := daemon(t).ImageSave(patient(t), []string{runtimeNode})
	ok(t, err)
	defer stream.Close()
	loaded, err := d.client.ImageLoad(patient(t), stream, client.ImageLoadWithQuiet(true))
	ok(t, err)
	_, err = read(loaded.Body)
	ok(t, err)
}

func (d *dockerd) host() string { return "unix://" + filepath.Join(d.dir, "sock") }

// start starts the daemon, on what an earlier one has left.
func (d *dockerd) start(t *testing.T) {
	t.Helper()
	var err error
	d.Process, err = platform.Start(platform.Command{Path: "unshare", Args: []string{
		"--net", "dockerd",
		"--host", d.host(),
		"--data-root", filepath.Join(d.dir, "data"), "--exec-root", filepath.Join(d.dir, "exec"),
		"--pidfile", filepath.Join(d.dir, fmt.Sprintf("pid-%d", os.Getpid())),
		"--iptables=false", "--ip6tables=false",
	}})
	ok(t, err)
	ok(t, platform.Poll(patient(t), func() error {
		select {
		case <-d.Done():
			t.Fatalf("the daemon has ended:\n%s", tail(d.Output()))
		default:
		}
		_, err := d.client.Ping(t.Context())
		return err
	}))
}

// remove ends the daemon, with all that it runs, and deletes what it has.
func (d *dockerd) remove(t *testing.T) {
	ctx, cancel := last()
	defer cancel()
	defer d.client.Close()
	if found, err := d.client.ContainerList(ctx, container.ListOptions{All: true}); err == nil {
		for _, c := range found {
			_ = d.client.ContainerRemove(ctx, c.ID, container.RemoveOptions{Force: true})
		}
	}
	if code, err := d.Stop(ctx); err != nil {
		t.Errorf("docker daemon ended with code %d, error %v", code, err)
	}
	d.reap(t)
	d.unmount()
	if err := os.RemoveAll(d.dir); err != nil {
		t.Errorf("remove the daemon's files: %v", err)
	}
}

// reap ends what a daemon that was killed has left running: the containerd
// that its successor took over, and what that watches.
func (d *dockerd) reap(t *testing.T) {
	found, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Errorf("look for processes: %v", err)
	}
	for _, path := range found {
		line, _ := os.ReadFile(path) // it may have ended
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if pid != os.Getpid() && bytes.Contains(line, []byte(d.dir+"/")) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

// unmount takes away what a daemon that was killed has left mounted.
func (d *dockerd) unmount() {
	for _, pattern := range []string{"exec/netns/*", "data/overlay2/*/merged", "data/containers/*/mounts/shm", "data"} {
		mounts, _ := filepath.Glob(filepath.Join(d.dir, pattern))
		for _, m := range mounts {
			_ = syscall.Unmount(m, syscall.MNT_DETACH)
		}
	}
}
