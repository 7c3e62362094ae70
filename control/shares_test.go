package control_test

import (
	"testing"
	"time"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

func TestReplicasOfLostWorkersAreForgotten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	name := core.Name{Namespace: "guest", Name: "f"}
	f := &core.Action{
		Meta: core.Meta{Name: name, Version: core.FirstVersion},
		Exec: core.Exec{Kind: core.KindFunction, Image: "image"}, Limits: core.DefaultLimits(), Function: &core.Function{}, Replicas: 2,
	}
	if err := w.db.PutAction(ctx, f, ""); err != nil {
		t.Fatal(err)
	}
	if err := w.db.AnnounceFunction(ctx, name); err != nil {
		t.Fatal(err)
	}
	const live = "w1.boot"
	for _, token := range []string{live, "w1.before", "w2.boot"} {
		if err := w.db.PutShare(ctx, name, store.Share{Worker: token, Revision: "r", Ready: 1}); err != nil {
			t.Fatal(err)
		}
	}
	r := newRecon(w)
	r.beats = true
	r.heartbeat("w2", "boot") // and never again
	for range 60 {
		r.round(time.Second)
	}
	all, err := w.db.Shares(ctx, "guest")
	if got := all["f"]; err != nil || len(got) != 1 || got[0].Worker != live {
		t.Errorf("got %+v, %v, want that of the worker that lives", got, err)
	}
}
