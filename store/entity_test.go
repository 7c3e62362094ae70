package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
	"github.com/hearth-faas/hearth/store/storetest"
)

// setup returns a store with the namespace guest.
func setup(t *testing.T) (*store.DB, redis.UniversalClient) {
	t.Helper()
	rdb := storetest.Redis(t)
	db := store.New(rdb)
	if _, err := db.CreateNamespace(t.Context(), "guest"); err != nil {
		t.Fatal(err)
	}
	return db, rdb
}

func name(local string) core.Name { return core.ParseLocal("guest", local) }

// action returns an action with something in every field.
func action(local string) *core.Action {
	instances := 3
	return &core.Action{
		Meta: core.Meta{
			Name: name(local), Version: core.Version{Major: 1, Minor: 2, Patch: 3}, Publish: true,
			Annotations: core.Params{{Key: "note", Value: core.JSON(`"<a> & b"`)}},
		},
		Exec: core.Exec{Kind: "nodejs:24", Code: []byte("function main() {}"), Main: "main"},
		Params: core.Params{
			{Key: "plain", Value: core.JSON(`{"n":9007199254740993}`)},
			{Key: "sealed", Value: core.JSON(`"x"`), Init: true, Encryption: "aes-256"},
		},
		Limits: core.Limits{Timeout: 1500 * time.Millisecond, Memory: 128, Logs: 0, Concurrency: 2, Instances: &instances},
	}
}

func pkg(local string) *core.Package {
	return &core.Package{Meta: core.Meta{Name: name(local), Version: core.FirstVersion}}
}

func trigger(local string) *core.Trigger {
	return &core.Trigger{Meta: core.Meta{Name: name(local), Version: core.FirstVersion}}
}

func rule(local, trigger, action string) *core.Rule {
	return &core.Rule{Meta: core.Meta{Name: name(local), Version: core.FirstVersion}, Trigger: name(trigger), Action: name(action)}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantErr(t *testing.T, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("got error %v, want %v", got, want)
	}
}

// wantSound fails t unless all entities fit together.
func wantSound(t *testing.T, db *store.DB) {
	t.Helper()
	found, err := db.Check(t.Context())
	must(t, err)
	for _, f := range found {
		t.Error(f)
	}
}

func TestAnActionComesBackAsItWasWritten(t *testing.T) {
	t.Parallel()
	db, _ := setup(t)
	ctx := t.Context()
	sequence := action("seq")
	sequence.Exec = core.Exec{Kind: core.KindSequence, Components: []core.Name{name("a"), {Namespace: "whisk.system", Package: "utils", Name: "cat"}}}
	sequence.Limits.Instances = nil
	blackbox := action("bb")
	blackbox.Exec = core.Exec{Kind: core.KindBlackbox, Image: "busybox", Binary: true, Code: []byte{}}
	for _, a := range []*core.Action{action("plain"), sequence, blackbox} {
		must(t, db.PutAction(ctx, a, ""))
		got, err := db.Action(ctx, a.Name, true)
		must(t, err)
		if d := cmp.Diff(got, a); d != "" {
			t.Errorf("%s: got, want:\n%s", a.Name, d)
		}
		if a.Revision == "" || time.Since(a.Updated).Abs() > time.Hour {
			t.Errorf("%s: got revision %q of %s", a.Name, a.Revision, a.Updated)
		}
		bare, err := db.Action(ctx, a.Name, false)
		must(t, err)
		want := *a
		want.Exec.Code = nil
		if d := cmp.Diff(bare, &want); d != "" {
			t.Errorf("%s without code: got, want:\n%s", a.Name, d)
		}
	}
	wantSound(t, db)
}

func TestEveryWriteHasItsOwnRevision(t *testing.T) {
	t.Parallel()
	db, _ := setup(t)
	ctx := t.Context()
	seen := map[string]bool{}
	a := action("a")
	for range 20 {
		before := a.Revision
		must(t, db.PutAction(ctx, a, before))
		if seen[a.Revision] {
			t.Fatalf("revision %s came back", a.Revision)
		}
		seen[a.Revision] = true
	}
	must(t, db.DeleteAction(ctx, a.Name, a.Revision))
	must(t, db.PutAction(ctx, a, ""))
	if seen[a.Revision] {
		t.Errorf("revision %s came back with a new action", a.Revision)
	}
}

func TestWritesAreRefused(t *testing.T) {
	t.Parallel()
	db, _ := setup(t)
	ctx := t.Context()
	a, p, tr := action("a"), pkg("p"), trigger("t")
	must(t, db.PutAction(ctx, a, ""))
	must(t, db.PutPackage(ctx, p, ""))
	must(t, db.PutTrigger(ctx, tr, ""))
	bound := pkg("b")
	bound.Binding = p.Name
	must(t, db.PutPackage(ctx, bound, ""))
	must(t, db.PutRule(ctx, rule("r", "t", "a"), nil))

	deletePackage := func(n, revision string) error {
		_, err := db.DeletePackage(ctx, name(n), revision, true)
		return err
	}
	for _, c := range []struct {
		name      string
		got, want error
	}{
		{"create, exists", db.PutAction(ctx, action("a"), ""), store.ErrExists},
		{"create, a trigger has the name", db.PutAction(ctx, action("t"), ""), store.ErrOtherType},
		{"create a package, an action has the name", db.PutPackage(ctx, pkg("a"), ""), store.ErrOtherType},
		{"create a trigger, a rule has the name", db.PutTrigger(ctx, trigger("r"), ""), store.ErrOtherType},
		{"create a rule, a package has the name", db.PutRule(ctx, rule("p", "t", "a"), nil), store.ErrOtherType},
		{"update, revision of before", db.PutAction(ctx, action("a"), "0123"), store.ErrChanged},
		{"update, deleted meanwhile", db.PutAction(ctx, action("gone"), "0123"), store.ErrNotFound},
		{"packaged action, no package", db.PutAction(ctx, action("nope/x"), ""), store.ErrNoPackage},
		{"packaged action, a trigger instead of a package", db.PutAction(ctx, action("t/x"), ""), store.ErrOtherType},
		{"packaged action, through a binding", db.PutAction(ctx, action("b/x"), ""), store.ErrBinding},
		{"rule, no trigger", db.PutRule(ctx, rule("r2", "nope", "a"), nil), store.ErrNoTrigger},
		{"rule, an action instead of a trigger", db.PutRule(ctx, rule("r2", "a", "a"), nil), store.ErrNoTrigger},
		{"rule, exists", db.PutRule(ctx, rule("r", "t", "a"), nil), store.ErrExists},
		{"delete, nothing there", db.DeleteAction(ctx, name("nope"), "0123"), store.ErrNotFound},
		{"delete, other type", db.DeleteAction(ctx, name("t"), tr.Revision), store.ErrOtherType},
		{"delete, revision of before", db.DeleteTrigger(ctx, name("t"), "0123"), store.ErrChanged},
		{"delete a package, revision of before", deletePackage("p", "0123"), store.ErrChanged},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			wantErr(t, c.got, c.want)
		})
	}
	wantSound(t, db)
}

func TestReadsAreRefused(t *testing.T) {
	t.Parallel()
	db, rdb := setup(t)
	ctx := t.Context()
	must(t, db.PutTrigger(ctx, trigger("t"), ""))
	for _, corrupt := range []string{"bad", "bad/x"} {
		must(t, rdb.HSet(ctx, "hearth:{guest}:entity:"+corrupt, "type", "action", "revision", "1", "updated", "1", "doc", "{").Err())
	}
	must(t, rdb.HSet(ctx, "hearth:{guest}:entity:half", "type", "package").Err())
	must(t, rdb.HSet(ctx, "hearth:{guest}:entity:version", "type", "rule", "revision", "1", "updated", "1", "doc", `{"version":"0.0.0"}`).Err())
	read := func(n string) error { _, err := db.Action(ctx, name(n), true); return err }
	_, half := db.Package(ctx, name("half"))
	_, version := db.Rule(ctx, name("version"))
	wantErr(t, read("nope"), store.ErrNotFound)
	wantErr(t, read("t"), store.ErrOtherType)
	wantErr(t, read("bad"), store.ErrCorrupt)
	wantErr(t, half, store.ErrCorrupt)
	wantErr(t, version, store.ErrCorrupt)
	l, err := db.Lookup(ctx, name("bad/x"), false)
	must(t, err)
	wantErr(t, l.ActionErr, store.ErrCorrupt)
	wantErr(t, l.PackageErr, store.ErrOtherType)
}
