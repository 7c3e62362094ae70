package e2e_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/client"

	"github.com/hearth-faas/hearth/e2e/platform"
)

// arena is a platform with one namespace for the villain, guest, and another
// for the neighbour, who must not notice.
type arena struct {
	*platform.Hearth
	redis     *platform.Redis
	neighbour *platform.Client
}

func newArena(t *testing.T) *arena {
	t.Helper()
	a := &arena{redis: redis(t)}
	a.Hearth = up(t, a.redis, "--pause-grace", "500ms")
	other := a.Client
	other.Auth = createNamespace(t, a.redis, "neighbour")
	a.neighbour = &other
	hostile(t, a.neighbour, "victim", nil)
	return a
}

// hostile deploys testdata/hostile.py.
func hostile(t *testing.T, c *platform.Client, name string, limits map[string]any) {
	t.Helper()
	ok(t, c.PutAction(patient(t), name, platform.Action{
		Kind: "python:default", Code: source(t, "hostile.py"), Limits: limits,
	}))
}

// unharmed calls the neighbour's action.
func (a *arena) unharmed(t *testing.T) {
	t.Helper()
	result(t, a.neighbour, "victim", harmless, `{"got":"65534"}`)
}

// port is that of a URL or an address.
func port(t *testing.T, address string) int {
	t.Helper()
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		address = u.Host
	}
	_, text, err := net.SplitHostPort(address)
	ok(t, err)
	n, err := strconv.Atoi(text)
	ok(t, err)
	return n
}

// listenOn listens on a free port of an interface until the test ends.
func listenOn(t *testing.T, address string) int {
	t.Helper()
	l, err := net.Listen("tcp4", net.JoinHostPort(address, "0"))
	ok(t, err)
	t.Cleanup(func() { l.Close() })
	return port(t, l.Addr().String())
}

// redisPort has Redis listen on a port of the loopback interface, too.
func (a *arena) redisPort(t *testing.T) (free int) {
	t.Helper()
	ok(t, a.redis.DB.ConfigSet(patient(t), "bind", "127.0.0.1").Err())
	ok(t, platform.Poll(patient(t), func() error { // the port may be taken in between
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		ok(t, err)
		free = port(t, l.Addr().String())
		ok(t, l.Close())
		return a.redis.DB.ConfigSet(t.Context(), "port", strconv.Itoa(free)).Err()
	}))
	return free
}

// victim has the neighbour's action listen to all the world, and makes sure
// that this host reaches it: what keeps others away is not that nobody listens.
func (a *arena) victim(t *testing.T) (v got) {
	t.Helper()
	ok(t, platform.Poll(patient(t), func() error {
		v = answer(t, call(t, a.neighbour, "victim", args{"how": "listen"}))
		conn, err := net.DialTimeout("tcp", net.JoinHostPort(v.Got, strconv.Itoa(v.Count)), 10*time.Second)
		if err != nil {
			return fmt.Errorf("reach the neighbour's action: %w", err)
		}
		return conn.Close()
	}))
	return v
}

// got is what testdata/hostile.py answers.
type got struct {
	Got   string
	Count int
}

func answer(t *testing.T, rec *platform.Activation) got {
	t.Helper()
	var g got
	if err := json.Unmarshal(rec.Response.Result, &g); err != nil || g.Got == "" {
		t.Fatalf("ended as %s with %s (%v)", rec.Response.Status, rec.Response.Result, err)
	}
	return g
}

type args = map[string]any

// attempt is one thing that an action tries, and what may come of it.
type attempt struct {
	name     string
	how      args
	want     []string
	from, to int // the count, where it counts
}

// What stops an attempt, where it is not the same on every host.
var (
	unreached = []string{"ECONNREFUSED", "timed out", "EHOSTUNREACH", "ENETUNREACH"}
	forbidden = []string{"EPERM", "EACCES", "EROFS"}
)

// TestHostile has an action attack the platform, its host and its neighbours.
func TestHostile(t *testing.T) {
	t.Parallel()
	a := newArena(t)
	t.Run("attempts", func(t *testing.T) {
		t.Parallel()
		hostile(t, &a.Client, "attempts", args{"memory": 512, "timeout": 120_000})
		for _, c := range a.attempts(t) {
			t.Run(c.name, func(t *testing.T) {
				g := answer(t, call(t, &a.Client, "attempts", c.how))
				if !slices.Contains(c.want, g.Got) || g.Count < c.from || g.Count > c.to {
					t.Errorf("got %q after %d, want one of %q after %d to %d", g.Got, g.Count, c.want, c.from, c.to)
				}
			})
		}
		a.unharmed(t)
	})
	for _, c := range deaths {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(t, a)
			a.unharmed(t)
		})
	}
	t.Run("burns the processor after its answer, and is frozen", func(t *testing.T) {
		t.Parallel()
		hostile(t, &a.Client, "burn", nil)
		ok(t, platform.Poll(patient(t), func() error {
			result(t, &a.Client, "burn", args{"how": "burn"}, `{"got":"it burns"}`)
			if err := awaitRest(t, onlyContainer(t, "burn", nil)); err != nil {
				return err
			}
			if g := answer(t, call(t, &a.Client, "burn", args{"how": "burnt"})); g.Got != "it burns" {
				return errors.New("the container was replaced, not frozen")
			}
			return nil
		}))
		a.unharmed(t)
	})
}

func (a *arena) attempts(t *testing.T) []attempt {
	t.Helper()
	victim := a.victim(t)
	_, redisSocket, _ := strings.Cut(a.redis.URL(), "://")
	const absent = "ENOENT"
	return []attempt{
		{name: "reaches Redis on the host's loopback interface", how: args{"how": "dial", "port": a.redisPort(t)}, want: unreached},
		{name: "reaches Redis by its socket", how: args{"how": "dial_unix", "path": redisSocket}, want: []string{absent}},
		{name: "reads the keys of the platform", how: args{"how": "read", "path": a.Data + "/wskprops"}, want: []string{absent}},
		{name: "reaches Docker by its socket", how: args{"how": "dial_unix", "path": "/var/run/docker.sock"}, want: []string{absent}},
		{name: "reaches the API server, which is meant for actions, too", how: args{"how": "dial", "port": port(t, a.URL)}, want: []string{"connected"}},
		{name: "reaches another port of the host's loopback interface", how: args{"how": "dial", "port": listenOn(t, "127.0.0.1")}, want: unreached},
		{name: "reaches what listens on all interfaces of the host, as documented", how: args{"how": "dial", "port": listenOn(t, "0.0.0.0")}, want: []string{"connected"}},
		{name: "reaches the cloud's metadata service", how: args{"how": "dial", "address": "169.254.169.254", "port": 80}, want: unreached},
		{name: "reaches another action's container", how: args{"how": "dial", "address": victim.Got, "port": victim.Count}, want: unreached},
		{name: "opens a raw socket", how: args{"how": "raw", "family": "AF_INET", "protocol": 1}, want: forbidden},
		{name: "opens a packet socket", how: args{"how": "raw", "family": "AF_PACKET", "protocol": 3}, want: forbidden},

		{name: "mounts", how: args{"how": "mount"}, want: forbidden},
		{name: "makes a device", how: args{"how": "mknod"}, want: forbidden},
		{name: "becomes root", how: args{"how": "setuid"}, want: forbidden},
		{name: "changes its root", how: args{"how": "chroot"}, want: forbidden},
		{name: "traces the platform", how: args{"how": "trace", "pid": a.PID()}, want: []string{"ESRCH", "EPERM"}},
		{name: "sees the platform's process", how: args{"how": "processes", "word": a.Data}, want: []string{"none"}},
		{name: "kills the first process of its container", how: args{"how": "kill_first"}, want: []string{"still here"}},
		{name: "makes system calls past the daemon's filter", how: args{"how": "status", "line": "Seccomp"}, want: []string{seccomp(t)}},
		{name: "changes the kernel's settings", how: args{"how": "write", "path": "/proc/sys/kernel/core_pattern"}, want: forbidden},
		{name: "pulls the kernel's levers", how: args{"how": "write", "path": "/proc/sysrq-trigger"}, want: append(forbidden, absent)},

		{name: "writes to its root", how: args{"how": "write", "path": "/evil"}, want: forbidden},
		{name: "writes to the program that runs it", how: args{"how": "write", "path": "/hearth/proxy"}, want: forbidden},
		{name: "writes to the folder of its socket, which is the host's", how: args{"how": "write", "path": "/run/hearth/evil"}, want: forbidden},
		{name: "removes its socket", how: args{"how": "unlink", "path": "/run/hearth/proxy.sock"}, want: forbidden},
		{name: "writes anywhere but to memory", how: args{"how": "wander"}, want: []string{"nowhere"}},
		{name: "fills /tmp", how: args{"how": "fill", "path": "/tmp/evil"}, want: []string{"ENOSPC"}, from: 100, to: 256},
		{name: "fills /dev/shm", how: args{"how": "fill", "path": "/dev/shm/evil"}, want: []string{"ENOSPC"}, from: 1, to: 64},

		{name: "opens files without end", how: args{"how": "files"}, want: []string{"EMFILE"}, from: 900, to: 1024},
		{name: "starts threads without end", how: args{"how": "threads"}, want: []string{"can't start new thread"}, from: 500, to: 1024},
		{name: "starts processes without end", how: args{"how": "children"}, want: []string{"EAGAIN"}, from: 500, to: 1024},
		{name: "takes all memory in a child, and outlives it", how: args{"how": "feed_child"}, want: []string{"child ended by signal 9"}},
	}
}

// seccomp is the state of the filter that a process of a container should see.
func seccomp(t *testing.T) string {
	t.Helper()
	info, err := daemon(t).Info(patient(t))
	ok(t, err)
	if slices.ContainsFunc(info.SecurityOptions, func(o string) bool { return strings.Contains(o, "name=seccomp") }) {
		return "2"
	}
	return "0"
}

func daemon(t *testing.T) *client.Client {
	t.Helper()
	d, err := client.NewClientWithOpts(client.FromEnv, client.WithAPIVersionNegotiation())
	ok(t, err)
	t.Cleanup(func() { d.Close() })
	return d
}
