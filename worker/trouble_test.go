package worker_test

import (
	"syscall"
	"testing"
	"time"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store/storetest"
)

func TestAWarmContainerThatIsGoneIsReplacedUnnoticed(t *testing.T) {
	t.Parallel()
	p, w := start(t, small(256))
	n := p.action("a", "", nil)
	before := p.said(p.run(n, "", 0))
	if err := syscall.Kill(before.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	p.eventually("the process is gone", func() bool { return syscall.Kill(before.PID, 0) != nil })
	a := p.run(n, "", 0)
	if after := p.said(a); after.PID == before.PID || after.Run != 1 {
		t.Errorf("got %+v after process %d, want a first run in another", after, before.PID)
	}
	if s := w.Stats(); s.Pool.Cold != 2 {
		t.Errorf("got %+v, want two cold starts", s.Pool)
	}
}

func TestAResultOutlastsARedisThatIsSilent(t *testing.T) {
	t.Parallel()
	server := storetest.Server(t)
	p := on(t, server.Client())
	w, _ := p.work(p.processes("w1", "b1"), small(256))
	n := p.action("a", "", nil)
	p.said(p.run(n, "", 0))
	id := p.invoke(n, "sleep", 500)
	p.eventually("it runs", func() bool { return w.Stats().Pool.Warm == 1 })
	server.Freeze()
	time.Sleep(time.Second) // the run ends meanwhile
	server.Thaw()
	if s := p.said(p.record(id)); s.Run != 2 {
		t.Errorf("got run %d, want the second: nothing runs twice", s.Run)
	}
}

func TestConcurrentActivationsShareAProcess(t *testing.T) {
	t.Parallel()
	p, w := start(t, small(1024))
	many := 10
	n := p.action("a", "", func(patch *control.ActionPatch) { patch.Limits.Concurrency = &many })
	one := p.said(p.run(n, "", 0))
	var ids []core.ActivationID
	for range 5 {
		ids = append(ids, p.invoke(n, "sleep", 300))
	}
	for _, id := range ids {
		if s := p.said(p.record(id)); s.PID != one.PID {
			t.Errorf("ran in process %d, want %d", s.PID, one.PID)
		}
	}
	if s := w.Stats(); s.Pool.Cold != 1 || s.Pool.Warm != 5 {
		t.Errorf("got %+v, want one start for all", s.Pool)
	}
}

func TestAnImageThatCannotBeHad(t *testing.T) {
	t.Parallel()
	p, _ := start(t, small(256))
	n := p.action("a", "", func(patch *control.ActionPatch) {
		patch.Exec = &core.Exec{Kind: core.KindBlackbox, Image: "nobody/nothing:1"}
	})
	a := p.run(n, "", 0)
	if want := `{"error":"Failed to pull container image 'nobody/nothing:1'."}`; string(a.Outcome.Result) != want || a.Outcome.Status != core.StatusDeveloperError {
		t.Errorf("got %s %s, want %s", a.Outcome.Status, a.Outcome.Result, want)
	}
	big := 512
	m := p.action("b", "", func(patch *control.ActionPatch) { patch.Limits.Memory = &big })
	b := p.run(m, "", 0)
	if want := `{"error":"Failed to provision resources to run the action."}`; string(b.Outcome.Result) != want || b.Outcome.Reason != core.ReasonPlatform {
		t.Errorf("too large for the pool: got %s %s %q", b.Outcome.Status, b.Outcome.Result, b.Outcome.Reason)
	}
}

func TestAnActionThatChangesGetsANewContainer(t *testing.T) {
	t.Parallel()
	p, _ := start(t, small(1024))
	n := p.action("a", "one", nil)
	before := p.said(p.run(n, "", 0))
	p.action("a", "two", nil)
	if after := p.said(p.run(n, "", 0)); after.PID == before.PID {
		t.Error("the changed action ran in the container of what it was")
	}
}

func TestTheKeyIsForActionsThatAreToHaveIt(t *testing.T) {
	t.Parallel()
	p, _ := start(t, small(1024))
	for name, with := range map[string]core.JSON{"with": core.JSON("true"), "without": core.JSON("false")} {
		n := p.action(name, "", func(patch *control.ActionPatch) {
			patch.Annotations = core.Params{{Key: "provide-api-key", Value: with}}
		})
		call := p.call(n, "", 0)
		call.APIKey = "uuid:secret"
		id, err := p.plane.Invoke(t.Context(), call)
		if err != nil {
			t.Fatal(err)
		}
		want := ""
		if name == "with" {
			want = "uuid:secret"
		}
		if s := p.said(p.record(id)); s.Key != want || s.Env["__OW_API_KEY"] != want {
			t.Errorf("%s: got %q and %q, want %q", name, s.Key, s.Env["__OW_API_KEY"], want)
		}
	}
}
