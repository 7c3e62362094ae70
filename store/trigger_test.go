package store_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

// links returns the rules of a trigger as its links say.
func links(t *testing.T, db *store.DB, trigger string) []core.RuleLink {
	t.Helper()
	got, err := db.Trigger(t.Context(), name(trigger))
	must(t, err)
	return got.Rules
}

func readRule(t *testing.T, db *store.DB, n string) *core.Rule {
	t.Helper()
	r, err := db.Rule(t.Context(), name(n))
	must(t, err)
	return r
}

func TestATriggerKnowsItsRules(t *testing.T) {
	t.Parallel()
	db, _ := setup(t)
	ctx := t.Context()
	tr := trigger("t")
	tr.Params = core.Params{{Key: "a", Value: core.JSON(`1`)}}
	must(t, db.PutTrigger(ctx, tr, ""))
	b, a := rule("b", "t", "p/x"), rule("a", "t", "y")
	a.Annotations = core.Params{{Key: "k", Value: core.JSON(`[1]`)}}
	must(t, db.PutRule(ctx, b, nil))
	must(t, db.PutRule(ctx, a, nil))
	if !a.Active || !b.Active {
		t.Error("a new rule is not active")
	}
	must(t, db.SetRule(ctx, b, false))

	want := []core.RuleLink{{Rule: name("a"), Action: name("y"), Active: true}, {Rule: name("b"), Action: name("p/x")}}
	if d := cmp.Diff(links(t, db, "t"), want); d != "" {
		t.Errorf("got, want:\n%s", d)
	}
	if d := cmp.Diff(readRule(t, db, "a"), a); d != "" {
		t.Errorf("got, want:\n%s", d)
	}
	b.Active = false
	if d := cmp.Diff(readRule(t, db, "b"), b); d != "" {
		t.Errorf("got, want:\n%s", d)
	}

	must(t, db.PutTrigger(ctx, tr, tr.Revision))
	if d := cmp.Diff(links(t, db, "t"), want); d != "" {
		t.Errorf("after a write of the trigger: got, want:\n%s", d)
	}
	wantSound(t, db)
}

func TestAChangedRuleKeepsItsStateAndLeavesItsOldTrigger(t *testing.T) {
	t.Parallel()
	db, _ := setup(t)
	ctx := t.Context()
	must(t, db.PutTrigger(ctx, trigger("one"), ""))
	must(t, db.PutTrigger(ctx, trigger("two"), ""))
	r := rule("r", "one", "a")
	must(t, db.PutRule(ctx, r, nil))
	must(t, db.SetRule(ctx, r, false))

	moved := rule("r", "two", "b")
	must(t, db.PutRule(ctx, moved, r))
	if moved.Active {
		t.Error("an inactive rule became active on its way")
	}
	if got := links(t, db, "one"); len(got) != 0 {
		t.Errorf("the old trigger still has %v", got)
	}
	want := []core.RuleLink{{Rule: name("r"), Action: name("b")}}
	if d := cmp.Diff(links(t, db, "two"), want); d != "" {
		t.Errorf("got, want:\n%s", d)
	}
	wantErr(t, db.PutRule(ctx, rule("r", "one", "a"), r), store.ErrChanged)
	wantErr(t, db.SetRule(ctx, r, true), store.ErrChanged)
	wantErr(t, db.DeleteRule(ctx, r), store.ErrChanged)
	wantSound(t, db)

	must(t, db.DeleteRule(ctx, moved))
	if got := links(t, db, "two"); len(got) != 0 {
		t.Errorf("the trigger still has the deleted rule: %v", got)
	}
	wantSound(t, db)
}

func TestRulesOutliveTheirTriggerInactive(t *testing.T) {
	t.Parallel()
	db, _ := setup(t)
	ctx := t.Context()
	tr := trigger("t")
	must(t, db.PutTrigger(ctx, tr, ""))
	r := rule("r", "t", "a")
	must(t, db.PutRule(ctx, r, nil))
	must(t, db.DeleteTrigger(ctx, tr.Name, tr.Revision))
	if readRule(t, db, "r").Active {
		t.Error("a rule without trigger is active")
	}
	wantErr(t, db.SetRule(ctx, r, true), store.ErrNoTrigger)
	wantSound(t, db)

	must(t, db.PutTrigger(ctx, trigger("t"), ""))
	want := []core.RuleLink{{Rule: name("r"), Action: name("a")}}
	if d := cmp.Diff(links(t, db, "t"), want); d != "" {
		t.Errorf("a new trigger of the same name: got, want:\n%s", d)
	}
	must(t, db.SetRule(ctx, r, true))
	if !readRule(t, db, "r").Active {
		t.Error("the rule is not active again")
	}
	must(t, db.DeleteRule(ctx, r))
	wantSound(t, db)
}

func TestARuleCannotHaveATriggerOfAnotherNamespace(t *testing.T) {
	t.Parallel()
	db, _ := setup(t)
	r := rule("r", "t", "a")
	r.Trigger.Namespace = "other"
	if err := db.PutRule(t.Context(), r, nil); err == nil {
		t.Error("got no error")
	}
}
