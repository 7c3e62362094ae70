package control_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
)

func (s *tenants) putRule(name, trigger, action string) *core.Rule {
	s.t.Helper()
	r, err := s.PutRule(s.ctx, s.guest, of(name), control.RulePatch{Trigger: ref(trigger), Action: ref(action)}, false)
	s.must(err)
	return r
}

func (s *tenants) rule(name string) *core.Rule {
	s.t.Helper()
	r, err := s.Rule(s.ctx, s.guest, of(name))
	s.must(err)
	return r
}

func TestARuleIsActiveAtOnce(t *testing.T) {
	t.Parallel()
	s := setupTenants(t, control.Options{})
	s.put("/guest/a")
	s.putTriggers("/guest/t")
	got := s.putRule("/guest/r", "/_/t", "/_/a")
	want := &core.Rule{
		Meta:    core.Meta{Name: of("/guest/r"), Version: core.FirstVersion, Revision: got.Revision, Updated: got.Updated},
		Trigger: of("/guest/t"), Action: of("/guest/a"), Active: true,
	}
	if d := cmp.Diff(got, want); d != "" {
		t.Errorf("got, want:\n%s", d)
	}
	if d := cmp.Diff(s.rule("/guest/r"), want); d != "" {
		t.Errorf("read again: got, want:\n%s", d)
	}
	tr, err := s.Trigger(s.ctx, s.guest, of("/guest/t"))
	s.must(err)
	if d := cmp.Diff(tr.Rules, []core.RuleLink{{Rule: of("/guest/r"), Action: of("/guest/a"), Active: true}}); d != "" {
		t.Errorf("the trigger's: got, want:\n%s", d)
	}
	rules, err := s.Rules(s.ctx, s.guest, "guest", control.Page{})
	s.must(err)
	if d := cmp.Diff(rules, []core.Rule{*want}); d != "" {
		t.Errorf("the list: got, want:\n%s", d)
	}
}

func TestARuleMayRunPackagedAndBoundActions(t *testing.T) {
	t.Parallel()
	s := setupTenants(t, control.Options{})
	s.putTriggers("/guest/t")
	s.bind("/guest/b", "/provider/pub", nil)
	for i, a := range []string{"/guest/b/hi", "/provider/pub/hi"} {
		if r := s.putRule(fmt.Sprintf("/guest/r%d", i), "/guest/t", a); r.Action != of(a) {
			t.Errorf("got action %s, want %s", r.Action, a)
		}
	}
}

func TestARuleIsChangedAndSwitched(t *testing.T) {
	t.Parallel()
	s := setupTenants(t, control.Options{})
	s.put("/guest/a", "/guest/b")
	s.putTriggers("/guest/t", "/guest/u")
	s.putRule("/guest/r", "/guest/t", "/guest/a")
	for _, active := range []bool{true, false, false, true, false} {
		s.must(s.SetRule(s.ctx, s.guest, of("/guest/r"), active))
		if got := s.rule("/guest/r"); got.Active != active || got.Version != core.FirstVersion {
			t.Errorf("got active %t, version %s", got.Active, got.Version)
		}
	}
	for i, patch := range []control.RulePatch{
		{Annotations: ptr(params("n", `1`)), Publish: ptr(true)},
		{Action: ref("/_/b")},
		{Trigger: ref("/_/u")},
	} {
		got, err := s.PutRule(s.ctx, s.guest, of("/guest/r"), patch, true)
		s.must(err)
		if got.Active || got.Version.Patch != i+2 {
			t.Errorf("patch %d: got active %t, version %s", i, got.Active, got.Version)
		}
	}
	want := &core.Rule{
		Meta:    core.Meta{Name: of("/guest/r"), Version: core.Version{Patch: 4}, Publish: true, Annotations: params("n", `1`)},
		Trigger: of("/guest/u"), Action: of("/guest/b"),
	}
	if d := cmp.Diff(s.rule("/guest/r"), want, cmpopts.IgnoreFields(core.Meta{}, "Revision", "Updated")); d != "" {
		t.Errorf("got, want:\n%s", d)
	}
	s.sound()
	s.must(s.SetRule(s.ctx, s.guest, of("/guest/r"), true))
	gone, err := s.DeleteRule(s.ctx, s.guest, of("/guest/r"))
	s.must(err)
	if gone.Active {
		t.Error("a deleted rule is shown active")
	}
	_, err = s.Rule(s.ctx, s.guest, of("/guest/r"))
	refused(t, err, core.KindNotFound, notFound)
	s.sound()
}

func TestRulesThatAreRefused(t *testing.T) {
	t.Parallel()
	s := setupTenants(t, control.Options{})
	s.put("/guest/a")
	s.putTriggers("/guest/t")
	s.putRule("/guest/r", "/guest/t", "/guest/a")
	const needs = "rule requires a valid trigger and a valid action"
	for _, c := range []struct {
		name, rule, trigger, action string
		update                      bool
		kind                        core.Kind
		message                     string
	}{
		{"no trigger given", "/guest/n", "", "/guest/a", false, core.KindInvalid, needs},
		{"no action given", "/guest/n", "/guest/t", "", true, core.KindInvalid, needs},
		{"trigger missing", "/guest/n", "/guest/x", "/guest/a", false, core.KindInvalid, "trigger /guest/x does not exist"},
		{"trigger is an action", "/guest/n", "/guest/a", "/guest/a", false, core.KindInvalid, "trigger /guest/a does not exist"},
		{"trigger in a package", "/guest/n", "/guest/p/t", "/guest/a", false, core.KindInvalid, "trigger /guest/p/t does not exist"},
		{"action missing", "/guest/n", "/guest/t", "/guest/x", false, core.KindInvalid, "action /guest/x does not exist"},
		{"action in a missing package", "/guest/n", "/guest/t", "/guest/p/x", false, core.KindInvalid, "action /guest/p/x does not exist"},
		{"foreign trigger", "/guest/n", "/provider/t", "/guest/a", false, core.KindForbidden, notAuthorized("provider/t")},
		{"foreign action", "/guest/n", "/guest/t", "/provider/hi", false, core.KindForbidden, notAuthorized("provider/hi")},
		{"foreign rule", "/provider/r", "/guest/t", "/guest/a", false, core.KindForbidden, notAuthorized("provider/r")},
		{"exists", "/guest/r", "/guest/t", "/guest/a", false, core.KindConflict, exists},
		{"a trigger has the name", "/guest/t", "/guest/t", "/guest/a", true, core.KindConflict, otherType},
		{"changed to a missing action", "/guest/r", "", "/guest/x", true, core.KindInvalid, "action /guest/x does not exist"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var patch control.RulePatch
			if c.trigger != "" {
				patch.Trigger = ref(c.trigger)
			}
			if c.action != "" {
				patch.Action = ref(c.action)
			}
			_, err := s.PutRule(s.ctx, s.guest, of(c.rule), patch, c.update)
			refused(t, err, c.kind, c.message)
		})
	}
	refused(t, s.SetRule(s.ctx, s.guest, of("/guest/x"), true), core.KindNotFound, notFound)
	refused(t, s.SetRule(s.ctx, s.guest, of("/provider/x"), true), core.KindForbidden, notAuthorized("provider/x"))
	_, err := s.Rules(s.ctx, s.guest, "provider", control.Page{})
	refused(t, err, core.KindForbidden, notAuthorized("provider"))
}

func TestARuleWithoutItsTriggerIsInactive(t *testing.T) {
	t.Parallel()
	s := setupTenants(t, control.Options{})
	s.put("/guest/a")
	s.putTriggers("/guest/t")
	s.putRule("/guest/r", "/guest/t", "/guest/a")
	_, err := s.DeleteTrigger(s.ctx, s.guest, of("/guest/t"))
	s.must(err)
	if s.rule("/guest/r").Active {
		t.Error("it is active")
	}
	refused(t, s.SetRule(s.ctx, s.guest, of("/guest/r"), true), core.KindNotFound, "Only rules with existing triggers can be activated")
	_, err = s.PutRule(s.ctx, s.guest, of("/guest/r"), control.RulePatch{}, true)
	refused(t, err, core.KindInvalid, "trigger /guest/t does not exist")
	_, err = s.DeleteRule(s.ctx, s.guest, of("/guest/r"))
	s.must(err)
	s.sound()
}

func TestSwitchesAndWritesThatRaceAllSucceed(t *testing.T) {
	t.Parallel()
	s := setupTenants(t, control.Options{})
	s.put("/guest/a")
	s.putTriggers("/guest/t", "/guest/u")
	s.putRule("/guest/r", "/guest/t", "/guest/a")
	var wg sync.WaitGroup
	for i := range 12 {
		wg.Go(func() {
			var err error
			switch i % 3 {
			case 0:
				err = s.SetRule(s.ctx, s.guest, of("/guest/r"), i%2 == 0)
			case 1:
				_, err = s.PutRule(s.ctx, s.guest, of("/guest/r"), control.RulePatch{Trigger: ref([]string{"/guest/t", "/guest/u"}[i%2])}, true)
			default:
				_, err = s.PutTrigger(s.ctx, s.guest, of("/guest/t"), control.TriggerPatch{}, true)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	s.sound()
}
