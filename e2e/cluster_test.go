package e2e_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hearth-faas/hearth/e2e/platform"
)

// cluster is a platform of separate processes over one Redis.
type cluster struct {
	redis *platform.Redis
	apis  []*platform.Client
}

var listening = regexp.MustCompile(`ready on (http://[^\s"]+)`)

// newCluster starts so many API servers; workers are started one by one.
func newCluster(t *testing.T, servers int) *cluster {
	t.Helper()
	ctx := patient(t)
	c := &cluster{redis: redis(t)}
	auth := createNamespace(t, c.redis, "cluster")
	for range servers {
		p := start(t, c.redis, "apiserver", "--addr", "127.0.0.1:0", "--log-level", "warn")
		ok(t, p.WaitFor(ctx, "ready on http://"))
		api := &platform.Client{URL: listening.FindStringSubmatch(p.Output())[1], Auth: auth, HTTP: platform.HTTPClient()}
		ok(t, api.WaitReady(ctx))
		c.apis = append(c.apis, api)
	}
	return c
}

// worker starts a worker of that name on Docker.
func (c *cluster) worker(t *testing.T, name string) *platform.Process {
	t.Helper()
	p := start(t, c.redis, "worker", "--engine", "docker", "--worker-id", name, "--data", t.TempDir())
	ok(t, p.WaitFor(patient(t), "hearth worker is ready"))
	return p
}

// any is one of the API servers.
func (c *cluster) any() *platform.Client { return c.apis[rand.IntN(len(c.apis))] }

// createNamespace makes a namespace and returns its key.
func createNamespace(t *testing.T, r *platform.Redis, name string) string {
	t.Helper()
	p := start(t, r, "namespace", "create", name)
	code, err := p.Wait(patient(t))
	if err != nil || code != 0 {
		t.Fatalf("create namespace: exit code %d, error %v:\n%s", code, err, p.Output())
	}
	auth := regexp.MustCompile(`[0-9a-f-]{36}:[0-9A-Za-z]{64,}`).FindString(p.Output())
	if auth == "" {
		t.Fatalf("no key in:\n%s", p.Output())
	}
	return auth
}

// namespace makes a namespace of the shared platform and returns a client.
func namespace(t *testing.T, name string) *platform.Client {
	t.Helper()
	h := shared(t)
	c := h.Client
	c.Auth = createNamespace(t, common.redis, name)
	return &c
}

// A thousand calls, and a worker that dies in the middle: every call ends
// once, and the dead worker's containers go.
func TestLostWorker(t *testing.T) {
	t.Parallel()
	c, effects := newCluster(t, 2), newSink(t)
	ctx := patient(t)
	first, victim := c.worker(t, "first"), c.worker(t, "victim")
	const kinds = 4 // of actions, so that both workers get some
	for i := range kinds {
		put(t, c.any(), fmt.Sprintf("report%d", i), "report.js", platform.Action{
			Params: map[string]any{"url": effects.URL}, Limits: map[string]any{"memory": 128},
		})
	}
	ids := make(chan string, 1000)
	var callers sync.WaitGroup
	for caller := range 4 {
		callers.Go(func() {
			for i := range 250 {
				id, err := c.any().Invoke(ctx, fmt.Sprintf("report%d", (caller+i)%kinds), nil)
				if err != nil {
					t.Error(err)
					return
				}
				ids <- id
			}
		})
	}
	ok(t, platform.Poll(ctx, func() error { return enough(len(ids), 300) }))
	owned, err := containers(ctx, "victim")
	ok(t, err)
	ok(t, victim.Kill())
	died := time.Now()
	c.worker(t, "heir")
	callers.Wait()
	close(ids)

	lost := 0
	seen := map[string]bool{}
	for id := range ids {
		if seen[id] {
			t.Errorf("%s was given to two calls", id)
		}
		seen[id] = true
		lost += c.settledCall(ctx, t, id, effects)
	}
	t.Logf("%d of %d calls were lost with the worker, which had %d containers", lost, len(seen), len(owned))
	if len(seen) != 1000 || lost > 100 {
		t.Errorf("%d calls accepted and %d lost, want 1000 and few", len(seen), lost)
	}
	for _, api := range c.apis {
		settled(ctx, t, api)
	}
	ok(t, platform.Poll(ctx, func() error { return gone(ctx, "victim") }))
	if after := time.Since(died); after > time.Minute && len(owned) > 0 {
		t.Errorf("the dead worker's containers were gone only after %v", after)
	}
	select {
	case <-first.Done():
		t.Error("the other worker ended too")
	default:
	}
}

// settledCall checks the one end of a call; it returns 1 when it was lost with
// its worker and 0 otherwise.
func (c *cluster) settledCall(ctx context.Context, t *testing.T, id string, effects *sink) int {
	t.Helper()
	rec, err := c.any().Activation(ctx, id)
	ok(t, err)
	if rec.Response.Success {
		if n := effects.done(id); n != 1 {
			t.Errorf("%s succeeded with %d side effects", id, n)
		}
		return 0
	}
	if rec.Response.Status != "whisk internal error" || !strings.Contains(string(rec.Response.Result), "lost") {
		t.Errorf("%s ended as %s with %s", id, rec.Response.Status, rec.Response.Result)
	}
	if n := effects.done(id); n > 1 {
		t.Errorf("%s had %d side effects", id, n)
	}
	return 1
}

func enough(got, want int) error {
	if got < want {
		return fmt.Errorf("%d of %d", got, want)
	}
	return nil
}

func gone(ctx context.Context, worker string) error {
	left, err := containers(ctx, worker)
	if err == nil && len(left) > 0 {
		err = fmt.Errorf("%d containers of %s are left", len(left), worker)
	}
	return err
}

// A worker that dies in the middle of a sequence ends it with an error that
// says so, or another worker goes on with it; it never hangs.
func TestLostWorkerOfASequence(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 1)
	ctx := patient(t)
	victim := c.worker(t, "step-victim")
	steps(t, c.any(), "walk")
	result(t, c.any(), "walk", nil, `{"path":["a","b","c"]}`)

	put(t, c.any(), "walk-b", "step.js", platform.Action{Params: map[string]any{"me": "b", "wait": 8_000}})
	id, err := c.any().Invoke(ctx, "walk", nil)
	ok(t, err)
	// The first step's record shows that the second is under way.
	ok(t, platform.Poll(ctx, func() error {
		a, err := c.any().Do(ctx, "GET", "activations?name=walk-a&count=true", nil)
		if err == nil && !strings.Contains(string(a.Body), `"activations":2`) {
			err = fmt.Errorf("the first step is not done: %s", a.Body)
		}
		return err
	}))
	ok(t, victim.Kill())
	put(t, c.any(), "walk-b", "step.js", platform.Action{Params: map[string]any{"me": "b", "wait": 0}})
	c.worker(t, "step-heir")
	rec, err := c.any().Activation(ctx, id)
	ok(t, err)
	switch {
	case rec.Response.Success && string(rec.Response.Result) == `{"path":["a","b","c"]}`:
	case rec.Response.Status == "whisk internal error":
	default:
		t.Errorf("the sequence ended as %s with %s", rec.Response.Status, rec.Response.Result)
	}
	settled(ctx, t, c.any())
	result(t, c.any(), "walk", nil, `{"path":["a","b","c"]}`)
}
