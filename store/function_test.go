package store_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
	"github.com/hearth-faas/hearth/store/seal"
)

// function returns a function with something in every field.
func function(local string) *core.Action {
	a := action(local)
	a.Exec = core.Exec{Kind: core.KindFunction, Image: "example/image:1"}
	a.Params = nil
	a.Replicas = 2
	a.Function = &core.Function{
		Namespace: "openfaas-fn", EnvProcess: "cat", EnvVars: map[string]string{"token": canary},
		Labels: map[string]string{"a": "1"}, Annotations: map[string]string{"topic": "t"},
		Secrets: []string{"z", "y"}, Constraints: []string{"node.role == worker"},
		Limits:   &core.Resources{Memory: "128Mi", CPU: "100m", GPUs: map[string]string{"nvidia.com/gpu": "1"}},
		Requests: &core.Resources{}, ReadOnlyRoot: true, Created: time.UnixMilli(1700000000123).UTC(),
	}
	return a
}

func TestFunctionIsReadAsWritten(t *testing.T) {
	t.Parallel()
	sealing := keysOfText(t, seal.Generate())
	for name, keys := range map[string]*seal.Keys{"in the clear": nil, "sealed": sealing} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, rdb := setup(t)
			db, ctx := store.NewSealing(rdb, keys), t.Context()
			f := function("f")
			must(t, db.PutAction(ctx, f, ""))
			if found := strings.Contains(hashes(t, rdb), canary); found != (keys == nil) {
				t.Errorf("variables in the clear: %v", found)
			}
			l, err := db.Lookup(ctx, f.Name, false)
			must(t, err)
			listed, err := db.Functions(ctx, "guest", 0, 0)
			must(t, err)
			if len(listed) != 1 {
				t.Fatalf("listed %v", listed)
			}
			for how, got := range map[string]*core.Action{"lookup": l.Action, "list": &listed[0]} {
				if d := cmp.Diff(got, f); d != "" {
					t.Errorf("%s: got, want:\n%s", how, d)
				}
			}
		})
	}
}

func TestScalingChangesReplicasAndNoRevision(t *testing.T) {
	t.Parallel()
	db, _ := setup(t)
	ctx := t.Context()
	f := function("f")
	must(t, db.PutAction(ctx, f, ""))
	_, err := db.Lookup(ctx, f.Name, false) // so that it is known already
	must(t, err)
	was, err := db.SetReplicas(ctx, f.Name, 0)
	must(t, err)
	l, err := db.Lookup(ctx, f.Name, false)
	must(t, err)
	if was != 2 || l.Action.Replicas != 0 || l.Action.Revision != f.Revision {
		t.Errorf("was %d, is %d, revision %s of %s", was, l.Action.Replicas, l.Action.Revision, f.Revision)
	}
	must(t, db.PutAction(ctx, action("plain"), ""))
	for _, local := range []string{"nothing", "plain"} {
		if _, err := db.SetReplicas(ctx, name(local), 1); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("scale %s: %v", local, err)
		}
	}
}

func TestFunctionsAreListedWhileTheyAre(t *testing.T) {
	t.Parallel()
	db, _ := setup(t)
	ctx := t.Context()
	count := func() int {
		all, err := db.Functions(ctx, "guest", 0, 0)
		must(t, err)
		return len(all)
	}
	f := function("f")
	must(t, db.PutAction(ctx, f, ""))
	must(t, db.PutAction(ctx, action("plain"), ""))
	if n := count(); n != 1 {
		t.Errorf("listed %d beside an action", n)
	}
	plain := action("f")
	must(t, db.PutAction(ctx, plain, f.Revision))
	if n := count(); n != 0 {
		t.Errorf("listed %d after it became an action", n)
	}
	f = function("f")
	must(t, db.PutAction(ctx, f, plain.Revision))
	must(t, db.CountInvocations(ctx, "guest", map[string]int{"f": 3, "other": 1}))
	must(t, db.CountInvocations(ctx, "guest", map[string]int{"f": 2}))
	must(t, db.CountInvocations(ctx, "guest", nil))
	counts, err := db.Invocations(ctx, "guest")
	must(t, err)
	if d := cmp.Diff(counts, map[string]int{"f": 5, "other": 1}); d != "" {
		t.Errorf("got, want:\n%s", d)
	}
	must(t, db.DeleteAction(ctx, f.Name, f.Revision))
	counts, err = db.Invocations(ctx, "guest")
	must(t, err)
	if d := cmp.Diff(counts, map[string]int{"other": 1}); d != "" || count() != 0 {
		t.Errorf("after its deletion %d are listed; got, want:\n%s", count(), d)
	}
}

func TestNotesOfANamespace(t *testing.T) {
	t.Parallel()
	db, _ := setup(t)
	ctx := t.Context()
	first := store.Notes{Labels: map[string]string{"openfaas": "1"}, Annotations: map[string]string{"<a>": "b"}}
	_, err := db.CreateNotedNamespace(ctx, "dev", first)
	must(t, err)
	for _, want := range []store.Notes{first, {Labels: map[string]string{"other": "2"}}} {
		must(t, db.SetNotes(ctx, "dev", want))
		ns, err := db.Namespace(ctx, "dev")
		must(t, err)
		if d := cmp.Diff(store.Notes{Labels: ns.Labels, Annotations: ns.Annotations}, want); d != "" {
			t.Errorf("got, want:\n%s", d)
		}
	}
	if _, err := db.CreateNotedNamespace(ctx, "dev", first); core.KindOf(err) != core.KindConflict {
		t.Errorf("created twice: %v", err)
	}
	if err := db.SetNotes(ctx, "nobody", first); core.KindOf(err) != core.KindNotFound {
		t.Errorf("notes on nothing: %v", err)
	}
}
