package control_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
)

func (p *platform) trigger(local string, params ...core.Param) {
	p.t.Helper()
	list := core.Params(params)
	if _, err := p.plane.PutTrigger(p.t.Context(), p.who, name(local), control.TriggerPatch{Params: &list}, true); err != nil {
		p.t.Fatal(err)
	}
}

func (p *platform) rule(local, trigger, action string) {
	p.t.Helper()
	from, to := name(trigger), name(action)
	if _, err := p.plane.PutRule(p.t.Context(), p.who, name(local), control.RulePatch{Trigger: &from, Action: &to}, false); err != nil {
		p.t.Fatal(err)
	}
}

// results are what a trigger's record says of each rule.
func results(a *core.Activation) map[string]core.RuleResult {
	byRule := map[string]core.RuleResult{}
	for _, r := range a.Outcome.Rules {
		byRule[r.Rule.Full()] = r
	}
	return byRule
}

func TestFiringATriggerRunsItsRules(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	got := map[string]object{}
	for _, n := range []string{"one", "two", "three"} {
		p.put(n, func(in object) any { got[n] = in; return object{} })
	}
	p.sequence("seq", "three")
	p.trigger("tick", core.Param{Key: "a", Value: core.JSON("1")}, core.Param{Key: "b", Value: core.JSON("1")})
	p.rule("r1", "tick", "one")
	p.rule("r2", "tick", "two")
	p.rule("r3", "tick", "seq")
	p.rule("idle", "tick", "one")
	p.rule("orphan", "tick", "two")
	if err := p.plane.SetRule(t.Context(), p.who, name("idle"), false); err != nil {
		t.Fatal(err)
	}
	fired, err := p.plane.Fire(t.Context(), p.who, control.Firing{
		Trigger: name("tick"), Context: core.JSON(`{"told":{"host":"h"},"a":0}`), Payload: core.JSON(`{"b":2}`), TransactionID: "tid",
	})
	if err != nil {
		t.Fatal(err)
	}
	p.work()
	want := object{"a": 0.0, "b": 2.0, "told": object{"host": "h"}}
	for _, n := range []string{"one", "two", "three"} {
		if diff := cmp.Diff(want, got[n]); diff != "" {
			t.Errorf("%s: %s", n, diff)
		}
	}
	a := p.record(fired.ID)
	p.ended(a, core.StatusSuccess, `{"b":2}`)
	if !a.Outcome.End.IsZero() || a.Kind != "" || a.Action.Name != "tick" {
		t.Errorf("got %+v", a)
	}
	rules := results(a)
	if len(rules) != 5 {
		t.Fatalf("got results %v, want 5", rules)
	}
	idle := core.RuleResult{Rule: name("idle"), Action: name("one"), Inactive: true}
	if diff := cmp.Diff(idle, rules["guest/idle"]); diff != "" {
		t.Error(diff)
	}
	one := p.record(rules["guest/r1"].Activation)
	if one.Cause != (core.Cause{}) || one.Action.Name != "one" {
		t.Errorf("got %+v, want an activation without a cause", one)
	}
}

func TestARuleThatCannotRunSaysWhy(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	p.put("one", increment)
	p.put("final", increment, core.Param{Key: "final", Value: core.JSON("true")})
	p.put("gone", increment)
	p.trigger("tick")
	for i, a := range []string{"one", "gone", "final"} {
		p.rule(fmt.Sprint("r", i), "tick", a)
	}
	if _, err := p.plane.DeleteAction(t.Context(), p.who, name("gone")); err != nil {
		t.Fatal(err)
	}
	none := 0
	throttled := p.who
	fired, err := p.plane.Fire(t.Context(), p.who, control.Firing{Trigger: name("tick")})
	if err != nil {
		t.Fatal(err)
	}
	p.work()
	rules := results(p.record(fired.ID))
	gone := core.RuleResult{
		Rule: name("r1"), Action: name("gone"),
		Refusal: core.Errorf(core.KindNotFound, "The requested resource does not exist."),
	}
	if diff := cmp.Diff(gone, rules["guest/r1"]); diff != "" {
		t.Errorf("an action that is gone: %s", diff)
	}
	if r := rules["guest/r0"]; r.Activation == "" || r.Refusal != nil {
		t.Errorf("got %v, want one rule's trouble not to be another's", r)
	}
	throttled.Namespace.Quota.InvocationsPerMinute = &none
	fired, err = p.plane.Fire(t.Context(), throttled, control.Firing{Trigger: name("tick")})
	if err != nil {
		t.Fatal(err)
	}
	for rule, r := range results(p.record(fired.ID)) {
		if r.Activation != "" || r.Refusal == nil || r.Refusal.Kind != core.KindThrottled {
			t.Errorf("%s: got %v, want it throttled", rule, r)
		}
	}
}

func TestATriggerWithoutActiveRulesLeavesNoRecord(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	p.trigger("tick")
	fired, err := p.plane.Fire(t.Context(), p.who, control.Firing{Trigger: name("tick")})
	if err != nil || fired.ID != "" {
		t.Errorf("got %v, %v, want no id", fired, err)
	}
	if c := p.counts(); c.Accepted != 0 {
		t.Errorf("got %+v, want nothing", c)
	}
	_, err = p.plane.Fire(t.Context(), p.who, control.Firing{Trigger: name("none")})
	p.kind(err, core.KindNotFound)
}

func TestAnEventDeliveredTwiceFiresOnce(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	p.put("one", increment)
	p.sequence("seq", "one")
	p.trigger("tick")
	p.rule("r1", "tick", "one")
	p.rule("r2", "tick", "seq")
	f := control.Firing{Trigger: name("tick"), ID: core.NewActivationID()}
	for range 3 {
		fired, err := p.plane.Fire(t.Context(), p.who, f)
		if err != nil || fired.ID != f.ID {
			t.Fatalf("got %v, %v", fired, err)
		}
		p.work()
	}
	if len(p.ran) != 2 {
		t.Errorf("got %v, want each action once", p.ran)
	}
	p.ended(p.record(f.ID), core.StatusSuccess, `{}`)
}
