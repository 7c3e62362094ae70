package control_test

import (
	"testing"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
)

func TestHowFarAFiringHasCome(t *testing.T) {
	t.Parallel()
	for _, stored := range []bool{true, false} {
		p := newPlatform(t)
		p.who.Namespace.Quota.StoreActivations = &stored
		p.put("one", func(object) any { return object{"is": "done"} })
		p.put("gone", func(object) any { return object{} })
		p.trigger("tick")
		id := core.NewActivationID()
		ends := func(trigger string) control.Ends {
			t.Helper()
			e, err := p.plane.Ends(t.Context(), p.who, name(trigger), id)
			if err != nil {
				t.Fatalf("stored %v: %v", stored, err)
			}
			return e
		}
		if e := ends("tick"); !e.Ended || e.Missed {
			t.Errorf("stored %v: without a rule, got %+v", stored, e)
		}
		p.rule("r1", "tick", "one")
		if e := ends("tick"); e.Ended {
			t.Errorf("stored %v: before it is dispatched, got %+v", stored, e)
		}
		p.rule("r2", "tick", "gone")
		if _, err := p.plane.DeleteAction(t.Context(), p.who, name("gone")); err != nil {
			t.Fatal(err)
		}
		if _, err := p.plane.Fire(t.Context(), p.who, control.Firing{Trigger: name("tick"), ID: id}); err != nil {
			t.Fatal(err)
		}
		if e := ends("tick"); e.Ended {
			t.Errorf("stored %v: while an action waits, got %+v", stored, e)
		}
		p.work()
		e := ends("tick")
		if !e.Ended || !e.Missed || len(e.Activations) != 1 || string(e.Activations[0].Outcome.Result) != `{"is":"done"}` {
			t.Errorf("stored %v: at the end, got %+v", stored, e)
		}
	}
}

func TestAFiringWhoseRulesStartNothingHasEnded(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	p.put("gone", func(object) any { return object{} })
	p.trigger("tick")
	p.rule("r", "tick", "gone")
	if _, err := p.plane.DeleteAction(t.Context(), p.who, name("gone")); err != nil {
		t.Fatal(err)
	}
	fired, err := p.plane.Fire(t.Context(), p.who, control.Firing{Trigger: name("tick")})
	if err != nil {
		t.Fatal(err)
	}
	if e, err := p.plane.Ends(t.Context(), p.who, name("tick"), fired.ID); err != nil || !e.Ended || !e.Missed {
		t.Errorf("got %+v, %v", e, err)
	}
}
