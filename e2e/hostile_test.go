package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/client"

	"github.com/hearth-faas/hearth/e2e/platform"
	"github.com/hearth-faas/hearth/worker/engine"
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
func (a *arena) redisPort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	ok(t, err)
	free := port(t, l.Addr().String())
	ok(t, l.Close())
	ok(t, a.redis.DB.ConfigSet(patient(t), "bind", "127.0.0.1").Err())
	ok(t, a.redis.DB.ConfigSet(patient(t), "port", strconv.Itoa(free)).Err())
	return free
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
		result(t, &a.Client, "burn", args{"how": "burn"}, `{"got":"it burns"}`)
		awaitRest(t, "burn")
		if rec := result(t, &a.Client, "burn", args{"how": "burnt"}, `{"got":"it burns"}`); rec.Cold() {
			t.Error("the container was replaced, not frozen")
		}
		a.unharmed(t)
	})
}

func (a *arena) attempts(t *testing.T) []attempt {
	t.Helper()
	victim := answer(t, call(t, a.neighbour, "victim", args{"how": "listen"}))
	conn, err := net.DialTimeout("tcp", net.JoinHostPort(victim.Got, strconv.Itoa(victim.Count)), patience)
	ok(t, err) // so what keeps others away is not that nobody listens
	ok(t, conn.Close())
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

// death is a way for an action to lose its container, and what its caller is
// told.
type death struct {
	name   string
	before args // the call before it, in the same container
	how    args
	limit  args
	texts  []string // one of them
}

const (
	tooLong = "The action exceeded its time limits of "
	tooMuch = "The action exhausted its memory and was aborted."
	exited  = "command exited"
)

var harmless = args{"how": "status", "line": "Uid"}

var deaths = []death{
	{"takes all memory", harmless, args{"how": "eat"}, args{"memory": 128}, []string{tooMuch}},
	{"kills itself", harmless, args{"how": "die"}, args{"memory": 128}, []string{exited}},
	{"kills itself, where a child has died for memory before", args{"how": "feed_child"}, args{"how": "die"}, args{"memory": 128}, []string{exited}},
	{"takes all memory by filling /tmp", harmless, args{"how": "fill", "path": "/tmp/evil"}, args{"memory": 128}, []string{tooMuch}},
	{"ignores signals and never ends", harmless, args{"how": "stubborn"}, args{"memory": 128, "timeout": 10_000}, []string{tooLong + "10000 milliseconds."}},
	{"is a fork bomb", harmless, args{"how": "bomb"}, args{"memory": 256}, []string{tooLong, tooMuch, exited}},
}

// run calls an action of that kind: the call ends, so does the container with
// all that is in it, and the next call has a new one.
func (d death) run(t *testing.T, a *arena) {
	name := fmt.Sprintf("death-%s-%s", d.before["how"], d.how["how"])
	hostile(t, &a.Client, name, d.limit)
	answer(t, call(t, &a.Client, name, d.before))
	before := containersOf(t, name)
	if len(before) != 1 {
		t.Fatalf("containers of the action: %v, want one", before)
	}
	rec := call(t, &a.Client, name, d.how)
	text := string(rec.Response.Result)
	if rec.Response.Status != "action developer error" || !slices.ContainsFunc(d.texts, func(want string) bool { return strings.Contains(text, want) }) {
		t.Errorf("ended as %s with %s, want an action developer error with one of %q", rec.Response.Status, text, d.texts)
	}
	ok(t, platform.Poll(patient(t), func() error {
		if slices.Contains(containersOf(t, name), before[0]) {
			return fmt.Errorf("container %s is still there", before[0])
		}
		return nil
	}))
	if rec := result(t, &a.Client, name, harmless, `{"got":"65534"}`); !rec.Cold() {
		t.Error("the call after it was warm")
	}
}

// containersOf are the containers of this run for an action of guest's.
func containersOf(t *testing.T, action string) []string {
	t.Helper()
	found, err := daemon(t).ContainerList(patient(t), container.ListOptions{All: true, Filters: filters.NewArgs(
		filters.Arg("label", engine.LabelAction+"=/guest/"+action), filters.Arg("label", engine.LabelDeployment))})
	ok(t, err)
	var ids []string
	for _, c := range found {
		if strings.HasPrefix(c.Labels[engine.LabelDeployment], thisRun) {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// awaitRest waits until the container of an action uses no processor time.
func awaitRest(t *testing.T, action string) {
	t.Helper()
	ids := containersOf(t, action)
	if len(ids) != 1 {
		t.Fatalf("containers of the action: %v, want one", ids)
	}
	d := daemon(t)
	var used uint64
	since := time.Now()
	ok(t, platform.Poll(patient(t), func() error {
		now, err := processorTime(t.Context(), d, ids[0])
		if err != nil || now != used {
			used, since = now, time.Now()
		}
		if err == nil && time.Since(since) < 2*time.Second {
			err = fmt.Errorf("container has used %d ns of processor time, and goes on", now)
		}
		return err
	}))
}

func processorTime(ctx context.Context, d *client.Client, id string) (uint64, error) {
	r, err := d.ContainerStatsOneShot(ctx, id)
	if err != nil {
		return 0, fmt.Errorf("ask for processor time: %w", err)
	}
	defer r.Body.Close()
	var s container.StatsResponse
	if err := json.NewDecoder(r.Body).Decode(&s); err != nil {
		return 0, fmt.Errorf("read processor time: %w", err)
	}
	return s.CPUStats.CPUUsage.TotalUsage, nil
}
