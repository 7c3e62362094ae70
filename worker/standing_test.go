package worker_test

import (
	"testing"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
)

func TestActionsAreKeptReadyWithinHalfOfTheMemory(t *testing.T) {
	t.Parallel()
	p := setup(t)
	minWarm := func(n string) func(*control.ActionPatch) {
		return func(patch *control.ActionPatch) {
			patch.Annotations = core.Params{{Key: control.AnnotationMinWarm, Value: core.JSON(n)}}
			patch.Params = &core.Params{{Key: "GREETING", Value: core.JSON(`"hello"`), Init: true}}
		}
	}
	many := p.action("many", "", minWarm("100"))
	p.action("none", "", minWarm(`"no number"`))
	p.action("broken", "init fails", minWarm("1"))
	w, _ := p.work(p.processes("w1", "b1"), small(1536))
	p.eventually("half of the pool is ready", func() bool { s := w.Stats().Pool; return s.Idle == 2 && s.Removing == 0 })
	a := p.run(many, "", 0)
	if said := p.said(a); a.Outcome.InitTime != 0 || said.Env["GREETING"] != "hello" || said.Run != 1 {
		t.Errorf("the first call: init %s, run %d, %v", a.Outcome.InitTime, said.Run, said.Env)
	}
	if s := w.Stats().Pool; s.Warm != 1 || s.MemoryUsed > 768 {
		t.Errorf("got %+v", s)
	}
}

func TestOneWorkerKeepsAnActionReady(t *testing.T) {
	t.Parallel()
	p := setup(t)
	one, _ := p.work(p.processes("w1", "b1"), small(1024))
	opt := small(1024)
	opt.ID, opt.Boot = "w2", "b2"
	two, _ := p.work(p.processes("w2", "b2"), opt)
	n := p.action("a", "", func(patch *control.ActionPatch) {
		patch.Annotations = core.Params{{Key: control.AnnotationMinWarm, Value: core.JSON("1")}}
	})
	p.eventually("one is ready", func() bool { return one.Stats().Pool.Idle+two.Stats().Pool.Idle == 1 })
	if a := p.run(n, "", 0); a.Outcome.InitTime != 0 {
		t.Error("the call was placed with the worker that has nothing ready")
	}
	if _, err := p.plane.DeleteAction(t.Context(), p.who, n); err != nil {
		t.Fatal(err)
	}
	p.eventually("the name is forgotten", func() bool {
		names, err := p.db.Standing(t.Context())
		return err == nil && len(names) == 0
	})
}
