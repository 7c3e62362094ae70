package store_test

import (
	"errors"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

// TestScriptsRunInMiniredis runs every script of this package in the Redis
// that the platform embeds where there is no other: its Lua is another.
func TestScriptsRunInMiniredis(t *testing.T) {
	t.Parallel()
	rdb := redis.NewClient(&redis.Options{Addr: miniredis.RunT(t).Addr()})
	t.Cleanup(func() { _ = rdb.Close() })
	tour(t, store.New(rdb))
}

// tour runs every script of namespaces and entities once or more.
func tour(t *testing.T, db *store.DB) {
	t.Helper()
	ctx := t.Context()
	c, err := db.CreateNamespace(ctx, "guest")
	must(t, err)
	_, err = db.Authenticate(ctx, c)
	must(t, err)
	must(t, db.SetQuota(ctx, "guest", core.Quota{}))
	tourAPIs(t, db)
	admission, err := db.Admit(ctx, "guest", "invoke", 10, true)
	must(t, err)
	if admission.Rate != 1 || admission.Next <= 0 {
		t.Errorf("got %+v", admission)
	}

	must(t, db.PutPackage(ctx, pkg("p"), ""))
	a := action("p/a")
	must(t, db.PutAction(ctx, a, ""))
	must(t, db.PutAction(ctx, a, a.Revision))
	got, err := db.Action(ctx, a.Name, true)
	must(t, err)
	if d := cmp.Diff(got, a); d != "" {
		t.Errorf("got, want:\n%s", d)
	}
	wantErr(t, db.PutAction(ctx, action("q/a"), ""), store.ErrNoPackage)
	tr := trigger("t")
	must(t, db.PutTrigger(ctx, tr, ""))
	r := rule("r", "t", "p/a")
	must(t, db.PutRule(ctx, r, nil))
	must(t, db.SetRule(ctx, r, false))
	must(t, db.SetRule(ctx, r, true))
	if !readRule(t, db, "r").Active {
		t.Error("the rule is not active")
	}
	must(t, db.DeleteTrigger(ctx, tr.Name, tr.Revision))
	if readRule(t, db, "r").Active {
		t.Error("the rule is active without trigger")
	}
	must(t, db.DeleteRule(ctx, r))
	must(t, db.DeleteAction(ctx, a.Name, a.Revision))
	wantSound(t, db)
	must(t, db.PutAction(ctx, action("p/a"), ""))
	p, err := db.Package(ctx, name("p"))
	must(t, err)
	_, err = db.DeletePackage(ctx, p.Name, p.Revision, true)
	must(t, err)
	must(t, db.PutPackage(ctx, pkg("q"), ""))
	wantSound(t, db)
	must(t, db.DeleteNamespace(ctx, "guest"))
	if _, err := db.Package(ctx, name("q")); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("got error %v, want nothing left", err)
	}
}
