package control_test

import (
	"encoding/json"
	"fmt"
	"strings"
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

// entries are the log lines of a trigger's record, by rule.
func entries(t *testing.T, a *core.Activation) map[string]object {
	t.Helper()
	byRule := map[string]object{}
	for _, line := range a.Outcome.Logs {
		var o object
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Fatalf("log line %q: %v", line, err)
		}
		byRule[o["rule"].(string)] = o
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
	fired, err := p.plane.Fire(t.Context(), p.who, name("tick"), core.JSON(`{"host":"h"}`), core.JSON(`{"b":2}`), "tid")
	if err != nil {
		t.Fatal(err)
	}
	p.work()
	want := object{"a": 1.0, "b": 2.0, "__ow_headers": object{"host": "h"}}
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
	logs := entries(t, a)
	if len(logs) != 5 {
		t.Fatalf("got entries %v, want 5", logs)
	}
	idle := object{
		"statusCode": 1.0, "success": false, "rule": "guest/idle", "action": "guest/one",
		"error": "Rule 'guest/idle' is inactive, action 'guest/one' was not activated.",
	}
	if diff := cmp.Diff(idle, logs["guest/idle"]); diff != "" {
		t.Error(diff)
	}
	one := p.record(core.ActivationID(logs["guest/r1"]["activationId"].(string)))
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
	fired, err := p.plane.Fire(t.Context(), p.who, name("tick"), nil, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	p.work()
	logs := entries(t, p.record(fired.ID))
	if e := logs["guest/r1"]; e["success"] != false || e["statusCode"] != 1.0 || !strings.Contains(fmt.Sprint(e["error"]), "does not exist") {
		t.Errorf("got %v for an action that is gone", e)
	}
	if e := logs["guest/r0"]; e["success"] != true {
		t.Errorf("got %v, want one rule's trouble not to be another's", e)
	}
	throttled.Namespace.Quota.InvocationsPerMinute = &none
	fired, err = p.plane.Fire(t.Context(), throttled, name("tick"), nil, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	for rule, e := range entries(t, p.record(fired.ID)) {
		if e["success"] != false || !strings.Contains(fmt.Sprint(e["error"]), "Too many requests") {
			t.Errorf("%s: got %v, want it throttled", rule, e)
		}
	}
}

func TestATriggerWithoutActiveRulesLeavesNoRecord(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	p.trigger("tick")
	fired, err := p.plane.Fire(t.Context(), p.who, name("tick"), nil, nil, "")
	if err != nil || fired.ID != "" {
		t.Errorf("got %v, %v, want no id", fired, err)
	}
	if c := p.counts(); c.Accepted != 0 {
		t.Errorf("got %+v, want nothing", c)
	}
	_, err = p.plane.Fire(t.Context(), p.who, name("none"), nil, nil, "")
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
		fired, err := p.plane.FireEvent(t.Context(), p.who, f)
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
