package e2e_test

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"

	"github.com/hearth-faas/hearth/e2e/platform"
)

// trouble is what may happen to a Docker daemon, and what ends it.
type trouble struct {
	name       string
	begin, end func(*testing.T, *dockerd)
}

func nothing(*testing.T, *dockerd) {}

var troubles = []trouble{
	{
		"it is killed and started again",
		func(t *testing.T, d *dockerd) { ok(t, d.Kill()) },
		func(t *testing.T, d *dockerd) { d.start(t) },
	},
	{
		"it is stopped, with all containers, and started again",
		func(t *testing.T, d *dockerd) {
			_, err := d.Stop(patient(t))
			ok(t, err)
		},
		func(t *testing.T, d *dockerd) { d.start(t) },
	},
	{
		"it hangs for a while",
		func(t *testing.T, d *dockerd) { ok(t, d.Signal(syscall.SIGSTOP)) },
		func(t *testing.T, d *dockerd) { ok(t, d.Signal(syscall.SIGCONT)) },
	},
	{
		"somebody removes all containers",
		func(t *testing.T, d *dockerd) {
			found, err := d.client.ContainerList(patient(t), container.ListOptions{All: true})
			ok(t, err)
			for _, c := range found {
				if err := d.client.ContainerRemove(patient(t), c.ID, container.RemoveOptions{Force: true}); err != nil {
					t.Logf("remove container: %v", err) // the platform may be doing it
				}
			}
		},
		nothing,
	},
	{
		"somebody removes the image in use, and brings it back",
		func(t *testing.T, d *dockerd) {
			_, err := d.client.ImageRemove(patient(t), runtimeNode, image.RemoveOptions{Force: true})
			ok(t, err)
		},
		func(t *testing.T, d *dockerd) { d.load(t) },
	},
}

// Whatever happens to the Docker daemon, the API goes on accepting calls, and
// all that is accepted ends; what could run without the daemon does.
func TestDockerTrouble(t *testing.T) {
	t.Parallel()
	d := newDockerd(t)
	h := up(t, redis(t), "--docker-host", d.host(), "--action-api", "http://203.0.113.1") // the test cannot be reached from there
	put(t, &h.Client, "steady", "fickle.js", platform.Action{})
	for _, tr := range troubles {
		t.Run(tr.name, func(t *testing.T) {
			ctx := patient(t)
			call(t, &h.Client, "steady", nil)
			long, err := h.Invoke(ctx, "steady", args{"how": "wait", "ms": 3000})
			ok(t, err)
			tr.begin(t, d)
			before := time.Now()
			calls := newTraffic(ctx, &h.Client, "steady")
			waitTraffic(ctx, t, calls, func(accepted, _ int) bool { return accepted > 20 && time.Since(before) > 2*time.Second })
			calls.end()
			tr.end(t, d)
			if calls.refused > 0 || calls.odd != nil {
				t.Errorf("%d calls were refused meanwhile, odd answer: %v", calls.refused, calls.odd)
			}
			_, err = h.Activation(ctx, long) // it may have failed, with its container
			ok(t, err)
			for _, id := range calls.accepted {
				rec, err := h.Activation(ctx, id)
				ok(t, err)
				// One that ran when its container ended is not run again.
				if text := string(rec.Response.Result); !rec.Response.Success && !strings.Contains(text, exited) {
					t.Errorf("%s ended as %s with %.500s", id, rec.Response.Status, text)
				}
			}
			if rec := call(t, &h.Client, "steady", nil); !rec.Response.Success {
				t.Errorf("afterwards a call ended as %s with %s", rec.Response.Status, rec.Response.Result)
			}
			settled(ctx, t, &h.Client)
		})
	}
}
