package openwhisk_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/apiserver"
	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/queue"
	"github.com/hearth-faas/hearth/runtime/kinds"
	"github.com/hearth-faas/hearth/store"
	"github.com/hearth-faas/hearth/store/storetest"
)

// patience bounds every wait of these tests; nothing waits that long unless
// it is broken.
const patience = time.Minute

// manifest is a small one of every sort of kind, so that what tests see does
// not change with the runtimes that are shipped.
const manifest = `{"runtimes": {
  "nodejs": [
    {"kind": "nodejs:8", "deprecated": true, "image": {"prefix": "test", "name": "node8", "tag": "1"}},
    {"kind": "nodejs:24", "default": true, "image": {"prefix": "test", "name": "node24", "tag": "1"}}],
  "python": [{"kind": "python:3", "default": true, "image": {"prefix": "test", "name": "python3", "tag": "1"}}],
  "java": [{"kind": "java:21", "default": true, "requireMain": true, "image": {"prefix": "test", "name": "java21", "tag": "1"}}]
}, "blackboxes": []}`

// platform is everything but containers: a control plane on a real Redis, the
// server, and a worker that makes results up.
type platform struct {
	plane   *control.Plane
	db      *store.DB
	handler http.Handler
	// past is the server as it was before nodejs:8 was deprecated.
	past http.Handler
	keys map[string]core.Credentials
	// stop tells what runs to end, which it may take seconds to do. The end of
	// the test does it too, and waits.
	stop context.CancelFunc
	// slow tells of an action of that name that began to run.
	slow chan struct{}
}

// newPlatform starts one with these namespaces: guest and other, bounded by
// the defaults; idle, whose rates are all 0; narrow, which may use python:3
// only; forgetful, which stores no activations.
func newPlatform(t *testing.T, rdb redis.UniversalClient) *platform {
	t.Helper()
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	db := store.New(rdb)
	plane := control.New(db, queue.NewClient(rdb), log, control.Options{Server: "test"})
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	p := &platform{plane: plane, db: db, keys: map[string]core.Credentials{}, stop: stop, slow: make(chan struct{}, 100)}
	for i, name := range []string{"guest", "other", "idle", "narrow", "forgetful"} {
		c := core.Credentials{
			UUID:   "23bc46b1-71f6-4ed5-8c54-816aa4f8c50" + string(rune('0'+i)),
			Secret: strings.Repeat("123zO3xZ", 8),
		}
		if err := db.CreateNamespaceWith(t.Context(), name, c); err != nil {
			t.Fatal(err)
		}
		p.keys[name] = c
	}
	zero, no := 0, false
	for name, quota := range map[string]core.Quota{
		"idle":      {InvocationsPerMinute: &zero, FiresPerMinute: &zero, ConcurrentInvocations: &zero},
		"narrow":    {AllowedKinds: []string{"python:3"}},
		"forgetful": {StoreActivations: &no},
	} {
		if err := db.SetQuota(t.Context(), name, quota); err != nil {
			t.Fatal(err)
		}
	}
	p.handler = serve(t, plane, log, manifest)
	p.past = serve(t, plane, log, strings.Replace(manifest, `"deprecated": true, `, "", 1))
	run(ctx, stop, t, plane.Run)
	w := worker{plane, p.slow}
	tasks := queue.NewServer(rdb, log, queue.Options{
		Queues: []string{queue.Overflow, queue.Background}, Concurrency: 16, Drain: time.Millisecond,
	})
	run(ctx, stop, t, func(ctx context.Context) error { return tasks.Run(ctx, w.work) })
	return p
}

func serve(t *testing.T, plane *control.Plane, log *slog.Logger, manifest string) http.Handler {
	t.Helper()
	m, err := kinds.Parse([]byte(manifest))
	if err != nil {
		t.Fatal(err)
	}
	s, err := apiserver.New(plane, m, log, apiserver.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s.Handler()
}

// run runs f until stop is called, by the end of the test at the latest.
func run(ctx context.Context, stop context.CancelFunc, t *testing.T, f func(context.Context) error) {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- f(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
	})
}

// setup is newPlatform on an empty database.
func setup(t *testing.T) *platform {
	t.Helper()
	return newPlatform(t, storetest.Redis(t))
}

// worker ends activations without running anything.
type worker struct {
	plane *control.Plane
	slow  chan<- struct{}
}

func (w worker) work(ctx context.Context, ref core.Ref) error {
	a, err := w.plane.Start(ctx, ref, "test")
	if core.KindOf(err) == core.KindConflict {
		return nil // somebody else has had it
	}
	if err != nil {
		return err
	}
	if a.Action.Name == "slow" {
		w.slow <- struct{}{}
		<-ctx.Done() // until the test ends
		return nil
	}
	out := outcome(a)
	if err := w.plane.Finish(ctx, a, out); err != nil {
		return err
	}
	return w.plane.AddLogs(ctx, a, []string{"2026-01-01T00:00:00.000000000Z stdout: ran " + a.Action.Name})
}

// outcome is what the action's name says. All runs start cold and take 51 ms.
func outcome(a *core.Activation) core.Outcome {
	start := a.Accepted.Add(10 * time.Millisecond)
	out := core.Outcome{
		Start: start, End: start.Add(51 * time.Millisecond), Duration: 51 * time.Millisecond,
		InitTime: 38 * time.Millisecond, WaitTime: 10 * time.Millisecond, Result: a.Input,
	}
	switch a.Action.Name {
	case "fails":
		out.Status, out.Result = core.StatusApplicationError, core.JSON(`{"error":"no"}`)
	case "crashes":
		out.Status = core.StatusDeveloperError
		out.Result = core.JSON(`{"error":"The action did not produce a valid response and exited unexpectedly."}`)
	case "breaks":
		out.Status, out.Reason = core.StatusInternalError, core.ReasonPlatform
		out.Result = core.JSON(`{"error":"Failed to provision resources to run the action."}`)
	case "lists":
		out.Result = core.JSON(`[1,2]`)
	case "answers":
		out = answers(a, out)
	}
	out.Size = len(out.Result)
	return out
}

// answers ends with the argument "result"; one with "error" is an error.
func answers(a *core.Activation, out core.Outcome) core.Outcome {
	var args struct{ Result core.JSON }
	var failure struct{ Error core.JSON }
	_ = json.Unmarshal(a.Input, &args) // without an argument the result is empty
	out.Result = args.Result
	if json.Unmarshal(args.Result, &failure) == nil && failure.Error != nil {
		out.Status = core.StatusApplicationError
	}
	return out
}
