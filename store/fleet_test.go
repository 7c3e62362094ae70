package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
	"github.com/hearth-faas/hearth/store/storetest"
)

func TestChangesOfFunctionsAreToldInOrderAndOnce(t *testing.T) {
	t.Parallel()
	db, ctx := store.New(storetest.Redis(t)), t.Context()
	at, err := db.LastFleetEvent(ctx)
	must(t, err)
	f, g := core.Name{Namespace: "a", Name: "f"}, core.Name{Namespace: "b", Name: "g"}
	must(t, db.AnnounceFunction(ctx, f))
	must(t, db.PutShare(ctx, g, store.Share{Worker: "w.1", Revision: "r", Ready: 1}))
	must(t, db.AnnounceFunction(ctx, f))
	must(t, db.WakeFleet(ctx))
	names, at, err := db.FleetEvents(ctx, at, time.Minute)
	must(t, err)
	if d := cmp.Diff(names, []core.Name{f, g}); d != "" {
		t.Errorf("got, want:\n%s", d)
	}
	names, again, err := db.FleetEvents(ctx, at, time.Millisecond)
	if err != nil || len(names) != 0 || again != at {
		t.Errorf("afterwards: %v, %s, %v", names, again, err)
	}
}

func TestSharesOfWorkers(t *testing.T) {
	t.Parallel()
	db, ctx := store.New(storetest.Redis(t)), t.Context()
	f := core.Name{Namespace: "ns", Name: "f.x"}
	one := store.Share{Worker: "w.1", Revision: "r", Ready: 2, Starting: 1, Inflight: 7}
	two := store.Share{Worker: "v.2", Trouble: "no such image"}
	must(t, db.PutShare(ctx, f, one))
	must(t, db.PutShare(ctx, f, two))
	shares, err := db.Shares(ctx, "ns")
	must(t, err)
	if len(shares["f.x"]) != 2 {
		t.Fatalf("got %v", shares)
	}
	must(t, db.DropShares(ctx, f, "v.2"))
	shares, err = db.Shares(ctx, "ns")
	must(t, err)
	if d := cmp.Diff(shares, map[string][]store.Share{"f.x": {one}}); d != "" {
		t.Errorf("got, want:\n%s", d)
	}
	must(t, db.PutShare(ctx, f, store.Share{Worker: "w.1"}))
	if shares, err = db.Shares(ctx, "ns"); err != nil || len(shares) != 0 {
		t.Errorf("nothing is left: got %v, %v", shares, err)
	}
}

func TestDeployedFunctionsAreFoundAndWoken(t *testing.T) {
	t.Parallel()
	db, ctx := store.New(storetest.Redis(t)), t.Context()
	f := function("f")
	f.Name, f.Replicas = core.Name{Namespace: "ns", Name: "f"}, 0
	must(t, db.PutAction(ctx, f, ""))
	must(t, db.AnnounceFunction(ctx, f.Name))
	must(t, db.AnnounceFunction(ctx, core.Name{Namespace: "ns", Name: "gone"}))
	for range 2 { // the second time without the one that is gone
		all, err := db.Deployed(ctx)
		must(t, err)
		if len(all) != 1 || all[0].Name != f.Name || all[0].Replicas != 0 {
			t.Fatalf("got %+v", all)
		}
	}
	stale := *f
	stale.Revision = "another"
	must(t, db.WakeFunction(ctx, &stale, 5))
	must(t, db.WakeFunction(ctx, f, 2))
	must(t, db.WakeFunction(ctx, f, 3)) // it has some
	got, err := db.Action(ctx, f.Name, false)
	if err != nil || got.Replicas != 2 {
		t.Errorf("got %+v, %v", got, err)
	}
}
