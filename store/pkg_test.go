package store_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

func TestAPackageComesBackAsItWasWritten(t *testing.T) {
	t.Parallel()
	db, _ := setup(t)
	p := pkg("p")
	p.Publish = true
	p.Params = core.Params{{Key: "a", Value: core.JSON(`null`)}}
	b := pkg("b")
	b.Binding = core.Name{Namespace: "whisk.system", Name: "utils"}
	for _, want := range []*core.Package{p, b} {
		must(t, db.PutPackage(t.Context(), want, ""))
		got, err := db.Package(t.Context(), want.Name)
		must(t, err)
		if d := cmp.Diff(got, want); d != "" {
			t.Errorf("got, want:\n%s", d)
		}
	}
}

func TestAPackageWithActionsIsDeletedByForce(t *testing.T) {
	t.Parallel()
	db, rdb := setup(t)
	ctx := t.Context()
	p := pkg("p")
	must(t, db.PutPackage(ctx, p, ""))
	must(t, db.PutAction(ctx, action("outside"), ""))
	for i := range 3 {
		must(t, db.PutAction(ctx, action(fmt.Sprintf("p/a%d", i)), ""))
	}
	n, err := db.DeletePackage(ctx, p.Name, p.Revision, false)
	must(t, err)
	if n != 3 {
		t.Errorf("got %d actions in the way, want 3", n)
	}
	wantSound(t, db)
	n, err = db.DeletePackage(ctx, p.Name, p.Revision, true)
	must(t, err)
	if n != 0 {
		t.Errorf("got %d actions in the way, want 0", n)
	}
	wantSound(t, db)
	if n, err := db.Count(ctx, "guest", core.TypeAction, ""); err != nil || n != 1 {
		t.Errorf("got %d actions left, %v, want the one outside", n, err)
	}
	_, err = db.Action(ctx, name("p/a0"), false)
	wantErr(t, err, store.ErrNotFound)
	if keys := rdb.Keys(ctx, "hearth:{guest}:package:*").Val(); len(keys) != 0 {
		t.Errorf("left: %v", keys)
	}
}

func TestListsAreInTheOrderOfTheLastWrite(t *testing.T) {
	t.Parallel()
	db, rdb := setup(t)
	ctx := t.Context()
	must(t, db.PutPackage(ctx, pkg("p"), ""))
	for i, local := range []string{"a", "p/b", "c", "p/d"} {
		must(t, db.PutAction(ctx, action(local), ""))
		// Writes of one millisecond have no order; the test needs one.
		for _, index := range []string{"index:action", "package:p"} {
			must(t, rdb.ZAddXX(ctx, "hearth:{guest}:"+index, zAt(i, local)).Err())
		}
	}
	for _, c := range []struct {
		name, pkg   string
		skip, limit int
		want        []string
	}{
		{"all", "", 0, 0, []string{"p/d", "c", "p/b", "a"}},
		{"a page", "", 1, 2, []string{"c", "p/b"}},
		{"the rest", "", 3, 200, []string{"a"}},
		{"beyond the end", "", 4, 10, nil},
		{"a package", "p", 0, 0, []string{"p/d", "p/b"}},
		{"no such package", "q", 0, 0, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			actions, err := db.Actions(ctx, "guest", c.pkg, c.skip, c.limit)
			must(t, err)
			var got []string
			for _, a := range actions {
				got = append(got, a.Name.Local())
				if a.Exec.Code != nil || a.Exec.Kind == "" {
					t.Errorf("%s: got exec %v, want it without code", a.Name, a.Exec)
				}
			}
			if d := cmp.Diff(got, c.want); d != "" {
				t.Errorf("got, want:\n%s", d)
			}
		})
	}
	n, err := db.Count(ctx, "guest", core.TypeAction, "p")
	if err != nil || n != 2 {
		t.Errorf("got %d actions in the package, %v, want 2", n, err)
	}
}

func TestAListWithACorruptEntitySaysSo(t *testing.T) {
	t.Parallel()
	db, rdb := setup(t)
	ctx := t.Context()
	must(t, db.PutPackage(ctx, pkg("p"), ""))
	must(t, rdb.HSet(ctx, "hearth:{guest}:entity:p", "doc", "[]").Err())
	_, err := db.Packages(ctx, "guest", 0, 0)
	wantErr(t, err, store.ErrCorrupt)
}

func TestLookupReadsActionAndPackage(t *testing.T) {
	t.Parallel()
	db, _ := setup(t)
	ctx := t.Context()
	must(t, db.PutPackage(ctx, pkg("p"), ""))
	must(t, db.PutAction(ctx, action("p/x"), ""))
	must(t, db.PutAction(ctx, action("x"), ""))
	for _, c := range []struct {
		name, local             string
		wantAction, wantPackage error
		hasAction, hasPackage   bool
	}{
		{"both there", "p/x", nil, nil, true, true},
		{"no package needed", "x", nil, nil, true, false},
		{"action missing", "p/y", store.ErrNotFound, nil, false, true},
		{"both missing", "q/y", store.ErrNotFound, store.ErrNotFound, false, false},
		{"the package is an action", "x/y", store.ErrNotFound, store.ErrOtherType, false, false},
		{"the action is a package", "p", store.ErrOtherType, nil, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			for range 2 { // the second time from memory
				l, err := db.Lookup(ctx, name(c.local), false)
				must(t, err)
				wantErr(t, l.ActionErr, c.wantAction)
				wantErr(t, l.PackageErr, c.wantPackage)
				if (l.Action != nil) != c.hasAction || (l.Package != nil) != c.hasPackage {
					t.Errorf("got action %v, package %v", l.Action, l.Package)
				}
			}
		})
	}
	l, err := db.Lookup(ctx, name("p/x"), true)
	must(t, err)
	if string(l.Action.Exec.Code) != string(action("p/x").Exec.Code) {
		t.Errorf("got code %q", l.Action.Exec.Code)
	}
	if l, err = db.Lookup(ctx, name("p/x"), false); err != nil || l.Action.Exec.Code != nil {
		t.Errorf("got code %q, %v, want none", l.Action.Exec.Code, err)
	}
}

func TestLookupSeesEveryWriteOfAnotherServer(t *testing.T) {
	t.Parallel()
	one, rdb := setup(t)
	two := store.New(rdb)
	ctx := t.Context()
	a := action("a")
	for i := range 50 {
		a.Version.Patch = i + 1
		must(t, one.PutAction(ctx, a, a.Revision))
		l, err := two.Lookup(ctx, a.Name, false)
		must(t, err)
		if l.Action.Version != a.Version || l.Action.Revision != a.Revision {
			t.Fatalf("got version %s, want %s", l.Action.Version, a.Version)
		}
	}
}
