package control_test

import (
	"testing"
	"time"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

func TestStandingActionsHaveOneHomeAndAreForgottenWhenGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	who, err := w.db.CreateNamespace(ctx, "guest")
	if err != nil {
		t.Fatal(err)
	}
	if w.who, err = w.plane.Authenticate(ctx, who); err != nil {
		t.Fatal(err)
	}
	put := func(name, value string) core.Name {
		n := core.Name{Namespace: "guest", Name: name}
		patch := control.ActionPatch{Exec: &core.Exec{Kind: "nodejs:24", Code: []byte("x")}}
		if value != "" {
			patch.Annotations = core.Params{{Key: control.AnnotationMinWarm, Value: core.JSON(value)}}
		}
		if _, err := w.plane.PutAction(ctx, w.who, n, patch, true); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if _, err := w.db.Heartbeat(ctx, store.Worker{ID: "w1", Boot: "boot", Beat: 1, Slots: 4}); err != nil {
		t.Fatal(err)
	}
	put("a", "3")
	gone := put("b", "1")
	put("c", "")
	put("d", "-1")
	list, err := w.plane.Standing(ctx, "w1")
	if err != nil || len(list) != 2 || list[0].Count != 3 || list[0].Activation.Action.Name != "a" || list[1].Count != 1 {
		t.Errorf("got %+v, %v, want a and b", list, err)
	}
	if list, err := w.plane.Standing(ctx, "w2"); err != nil || len(list) != 0 {
		t.Errorf("another worker: got %+v, %v", list, err)
	}
	if _, err := w.plane.DeleteAction(ctx, w.who, gone); err != nil {
		t.Fatal(err)
	}
	put("a", "0")
	if list, err := w.plane.Standing(ctx, "w1"); err != nil || len(list) != 0 {
		t.Errorf("afterwards: got %+v, %v", list, err)
	}
	if names, err := w.db.Standing(ctx); err != nil || len(names) != 0 {
		t.Errorf("names left: %v, %v", names, err)
	}
}

func TestAnActionThatIsExpectedToBeCalledIsMadeReady(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	ctx := t.Context()
	for _, n := range []string{"fired", "silent"} {
		p.put(n, func(object) any { return object{} })
	}
	p.sequence("steps", "fired")
	p.trigger("clock")
	for _, n := range []string{"fired", "silent", "steps"} {
		p.rule("rule-"+n, "clock", n)
	}
	if err := p.plane.SetRule(ctx, p.who, name("rule-silent"), false); err != nil {
		t.Fatal(err)
	}
	if _, err := p.db.Heartbeat(ctx, store.Worker{ID: "w1", Boot: "boot", Beat: 1, Slots: 4}); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		name    string
		trigger string
		in      time.Duration
		worker  string
		want    int
	}{
		{"a tick that has long been", "clock", -time.Minute, "w1", 0},
		{"a trigger that is gone", "gone", time.Hour, "w1", 0},
		{"a tick that comes", "clock", time.Hour, "w1", 1},
		{"one that is announced again", "clock", time.Hour, "w1", 1},
		{"with another worker", "clock", time.Hour, "w2", 0},
	} {
		if err := p.plane.Expect(ctx, name(step.trigger), time.Now().Add(step.in)); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		list, err := p.plane.Standing(ctx, step.worker)
		if err != nil || len(list) != step.want {
			t.Errorf("%s: got %+v, %v, want %d", step.name, list, err, step.want)
		}
		if len(list) == 1 && (list[0].Activation.Action != name("fired") || list[0].Count != 1) {
			t.Errorf("%s: got %d of %s, want one of the action whose rule is active", step.name, list[0].Count, list[0].Activation.Action)
		}
	}
}
