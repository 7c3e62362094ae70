package worker_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/worker/engine"
)

// texts returns log lines without their times.
func texts(a *core.Activation) []string {
	var out []string
	for _, l := range a.Outcome.Logs {
		out = append(out, l[min(31, len(l)):])
	}
	return out
}

const lineError = "stderr: The action did not initialize or run as expected. Log data might be missing."

func TestAnActionRunsColdThenWarm(t *testing.T) {
	t.Parallel()
	p, w := start(t, small(1024))
	n := p.action("a", "", func(patch *control.ActionPatch) {
		patch.Params = &core.Params{{Key: "GREETING", Value: core.JSON(`"hello"`), Init: true}}
	})
	first := p.run(n, "", 0)
	one := p.said(first)
	if first.Outcome.InitTime == 0 || first.Outcome.Duration < first.Outcome.InitTime {
		t.Errorf("cold: init %s of %s, want some", first.Outcome.InitTime, first.Outcome.Duration)
	}
	for key, want := range map[string]string{
		"GREETING": "hello", "__OW_NAMESPACE": "guest", "__OW_ACTION_NAME": "/guest/a",
		"__OW_ACTIVATION_ID": string(first.ID), "__OW_TRANSACTION_ID": "tid",
	} {
		if one.Env[key] != want {
			t.Errorf("%s in the environment: got %q, want %q", key, one.Env[key], want)
		}
	}
	second := p.run(n, "", 0)
	two := p.said(second)
	if two.PID != one.PID || two.Run != 2 || second.Outcome.InitTime != 0 {
		t.Errorf("warm: got %+v, init %s, want the second run of process %d", two, second.Outcome.InitTime, one.PID)
	}
	if diff := cmp.Diff([]string{"stdout: run 2"}, texts(second)); diff != "" {
		t.Errorf("logs of the second run (-want +got):\n%s", diff)
	}
	if s := w.Stats(); s.Pool.Cold != 1 || s.Pool.Warm != 1 || s.Ended[core.StatusSuccess] != 2 {
		t.Errorf("got %+v, want one cold and one warm success", s)
	}
}

func TestHowARunEndsAndWhatBecomesOfItsContainer(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		do     string
		status core.Status
		result string
		logs   []string
		stays  bool
	}{
		"application error keeps the container": {"error", core.StatusApplicationError,
			`{"error":"the action says no"}`, []string{"stdout: run 2"}, true},
		"developer error does not": {"break", core.StatusDeveloperError,
			`{"error":"An error has occurred."}`, []string{"stdout: run 2", lineError}, false},
		"exit, with an unfinished line": {"exit", core.StatusDeveloperError,
			`{"error":"The action did not produce a valid response and exited unexpectedly."}`,
			[]string{"stdout: run 2", "stdout: last words", lineError}, false},
		"a signal of its own": {"die", core.StatusDeveloperError,
			`{"error":"The action did not produce a valid response and exited unexpectedly."}`,
			[]string{"stdout: run 2", lineError}, false},
		"no end of the logs": {"silent", core.StatusSuccess, `{}`,
			[]string{"stdout: run 2", "stderr: There was an issue while collecting your logs. Data might be missing."}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, _ := start(t, small(256)) // room for one: the next needs this one's
			n := p.action("a", "", nil)
			before := p.said(p.run(n, "", 0))
			a := p.run(n, tt.do, 0)
			if a.Outcome.Status != tt.status || string(a.Outcome.Result) != tt.result {
				t.Errorf("got %s %s, want %s %s", a.Outcome.Status, a.Outcome.Result, tt.status, tt.result)
			}
			if diff := cmp.Diff(tt.logs, texts(a)); diff != "" {
				t.Errorf("logs (-want +got):\n%s", diff)
			}
			next := p.run(n, "", 0)
			after := p.said(next)
			if stays := after.PID == before.PID; stays != tt.stays || (next.Outcome.InitTime == 0) != tt.stays {
				t.Errorf("process %d then %d, init %s; stays: want %v", before.PID, after.PID, next.Outcome.InitTime, tt.stays)
			}
		})
	}
}

func TestTimeLimits(t *testing.T) {
	t.Parallel()
	p, w := start(t, small(256))
	short := func(patch *control.ActionPatch) {
		limit := 300 * time.Millisecond
		patch.Limits.Timeout = &limit
	}
	slow := p.action("slow", "", short)
	a := p.run(slow, "sleep", 60_000)
	if want := `{"error":"The action exceeded its time limits of 300 milliseconds."}`; string(a.Outcome.Result) != want ||
		a.Outcome.Status != core.StatusDeveloperError || !a.Outcome.TimedOut {
		t.Errorf("run: got %s %s, timed out: %v", a.Outcome.Status, a.Outcome.Result, a.Outcome.TimedOut)
	}
	hung := p.action("hung", "init hangs", short)
	b := p.run(hung, "", 0)
	if want := `{"error":"The action exceeded its time limits of 300 milliseconds during initialization."}`; string(b.Outcome.Result) != want || !b.Outcome.TimedOut {
		t.Errorf("init: got %s %s, timed out: %v", b.Outcome.Status, b.Outcome.Result, b.Outcome.TimedOut)
	}
	// Each was killed before the next could have its memory, and none was
	// initialised twice.
	p.said(p.run(p.action("next", "", nil), "", 0))
	if s := w.Stats(); s.TimedOut != 2 || s.Pool.MemoryUsed > 256 {
		t.Errorf("got %+v", s)
	}
}

func TestInitFailures(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]struct {
		result string
		logs   []string
	}{
		"init fails": {`{"error":"it cannot be initialised"}`, []string{"stdout: no such module", lineError}},
		"init exits": {`{"error":"The action did not initialize and exited unexpectedly."}`, []string{lineError}},
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			p, w := start(t, small(1024))
			n := p.action("a", code, nil)
			var ids []core.ActivationID
			for range 6 {
				ids = append(ids, p.invoke(n, "", 0))
			}
			for _, id := range ids {
				a := p.record(id)
				if a.Outcome.Status != core.StatusDeveloperError || string(a.Outcome.Result) != want.result {
					t.Errorf("got %s %s, want %s", a.Outcome.Status, a.Outcome.Result, want.result)
				}
			}
			if diff := cmp.Diff(want.logs, texts(p.record(ids[0]))); diff != "" {
				t.Errorf("logs of the first (-want +got):\n%s", diff)
			}
			if s := w.Stats(); s.Pool.Warm != 0 {
				t.Errorf("a container that failed /init was used again: %+v", s)
			}
		})
	}
}

func TestLogsAreHeldToTheirLimit(t *testing.T) {
	t.Parallel()
	p, _ := start(t, small(1024))
	one := 1
	n := p.action("a", "", func(patch *control.ActionPatch) { patch.Limits.Logs = &one })
	a := p.run(n, "print", 20)
	size := 0
	for _, l := range a.Outcome.Logs {
		size += len(l)
	}
	last := a.Outcome.Logs[len(a.Outcome.Logs)-1]
	want := "stderr: Logs were truncated because the total bytes size exceeds the limit of 1048576 bytes."
	if last[31:] != want || size < 1<<20 || size > 1<<20+len(last) {
		t.Errorf("kept %d bytes, last line %q", size, last)
	}
	none := 0
	if b := p.run(p.action("b", "", func(patch *control.ActionPatch) { patch.Limits.Logs = &none }), "print", 1); len(b.Outcome.Logs) != 0 {
		t.Errorf("kept %d lines of an action that wants none", len(b.Outcome.Logs))
	}
}

func TestABurstIsServedByFewContainers(t *testing.T) {
	t.Parallel()
	p, w := start(t, small(2048))
	n := p.action("a", "", nil)
	var ids []core.ActivationID
	for range 50 {
		ids = append(ids, p.invoke(n, "", 0))
	}
	pids := map[int]bool{}
	for _, id := range ids {
		pids[p.said(p.record(id)).PID] = true
	}
	if s := w.Stats(); len(pids) > 8 || s.Pool.Warm < 42 {
		t.Errorf("%d containers, %+v, want few", len(pids), s.Pool)
	}
}

func TestCancelKillsWhatRuns(t *testing.T) {
	t.Parallel()
	p, w := start(t, small(256))
	n := p.action("a", "", nil)
	id := p.invoke(n, "sleep", 50_000)
	p.eventually("it runs", func() bool { return w.Stats().Pool.Cold == 1 })
	if err := p.plane.Cancel(t.Context(), p.who, id); err != nil {
		t.Fatal(err)
	}
	a := p.record(id)
	if a.Outcome.Status != core.StatusInternalError || a.Outcome.Reason != core.ReasonCancelled {
		t.Errorf("got %s, %q: %s", a.Outcome.Status, a.Outcome.Reason, a.Outcome.Result)
	}
	p.said(p.run(n, "", 0)) // the container is gone, its memory free
}

func TestAnActionDeletedMeanwhile(t *testing.T) {
	t.Parallel()
	p := setup(t)
	n := p.action("a", "", nil)
	id := p.invoke(n, "", 0)
	if _, err := p.plane.DeleteAction(t.Context(), p.who, n); err != nil {
		t.Fatal(err)
	}
	p.work(p.processes("w1", "b1"), small(256))
	a := p.record(id)
	if want := `{"error":"Action could not be found or may have been deleted."}`; a.Outcome.Status != core.StatusApplicationError || string(a.Outcome.Result) != want {
		t.Errorf("got %s %s", a.Outcome.Status, a.Outcome.Result)
	}
}

func TestAStoppedWorkerFinishesWhatRunsAndGivesBackWhatWaits(t *testing.T) {
	t.Parallel()
	p := setup(t)
	eng := p.processes("w1", "b1")
	w, stop := p.work(eng, small(256))
	n, other := p.action("a", "", nil), p.action("b", "", nil)
	runs := p.invoke(n, "sleep", 1500)
	p.eventually("it runs", func() bool { return w.Stats().Pool.Cold == 1 })
	waits := p.invoke(other, "", 0)
	p.eventually("the other waits", func() bool { return w.Stats().Pool.Waiting == 1 })
	stop()
	p.said(p.record(runs))
	left, err := eng.List(t.Context())
	if err != nil || len(left) != 0 {
		t.Errorf("%d containers are left: %v", len(left), err)
	}
	if s := w.Stats(); s.Requeued != 1 {
		t.Errorf("%d given back, want 1", s.Requeued)
	}
	opt := small(256)
	opt.ID, opt.Boot = "w2", "b2"
	p.work(p.processes("w2", "b2"), opt)
	p.said(p.record(waits))
}

// fragile is an engine that can stop answering.
type fragile struct {
	engine.Engine
	mu   sync.Mutex
	down bool
}

func (f *fragile) set(down bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.down = down
}

func (f *fragile) err() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.down {
		return fmt.Errorf("create: %w", engine.ErrUnavailable)
	}
	return nil
}

func (f *fragile) Ping(ctx context.Context) (engine.Info, error) {
	if err := f.err(); err != nil {
		return engine.Info{}, err
	}
	return f.Engine.Ping(ctx)
}

func (f *fragile) Create(ctx context.Context, s engine.Spec) (engine.Container, error) {
	if err := f.err(); err != nil {
		s.Output.Close()
		return engine.Container{}, err
	}
	return f.Engine.Create(ctx, s)
}

func TestAnEngineThatDoesNotAnswerDelaysAndLosesNothing(t *testing.T) {
	t.Parallel()
	p := setup(t)
	eng := &fragile{Engine: p.processes("w1", "b1"), down: true}
	w, _ := p.work(eng, small(256))
	id := p.invoke(p.action("a", "", nil), "", 0)
	p.eventually("the worker says that it is not ready", func() bool {
		all, err := p.db.Workers(t.Context())
		return err == nil && len(all) == 1 && all[0].Drains && !w.Stats().Ready
	})
	eng.set(false)
	p.said(p.record(id))
	p.eventually("the worker is ready again", func() bool { return w.Stats().Ready })
}

func TestOrphansAreReapedAndNobodyElses(t *testing.T) {
	t.Parallel()
	p := setup(t)
	dead := p.processes("w1", "b0")
	c, err := dead.Create(t.Context(), engine.Spec{Image: "hearth/runtime-test:1", Memory: 128,
		Output: engine.Output{Stdout: &strings.Builder{}, Stderr: &strings.Builder{}, Close: func() {}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = dead.Remove(context.Background(), c.ID) })
	w, _ := p.work(&both{Engine: p.processes("w1", "b1"), dead: dead}, small(256))
	p.eventually("the orphan is removed", func() bool { return w.Stats().Orphans == 1 })
	p.said(p.run(p.action("a", "", nil), "", 0))
}

// both is an engine on whose host another boot has left containers.
type both struct {
	engine.Engine
	dead engine.Engine
}

func (b *both) List(ctx context.Context) ([]engine.Listed, error) {
	mine, err := b.Engine.List(ctx)
	if err != nil {
		return nil, err
	}
	theirs, err := b.dead.List(ctx)
	return append(mine, theirs...), err
}

func (b *both) Remove(ctx context.Context, id string) error {
	if err := b.dead.Remove(ctx, id); err != nil {
		return err
	}
	return b.Engine.Remove(ctx, id)
}
