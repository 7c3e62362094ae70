package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
	"github.com/hearth-faas/hearth/store/storetest"
)

func TestATailIsReadOnFromAnyPosition(t *testing.T) {
	t.Parallel()
	ctx, rdb := t.Context(), storetest.Redis(t)
	db := store.New(rdb)
	a := queued("hi")
	create(t, db, a)
	if got, err := db.Tail(ctx, a.Ref, ""); err != nil || got.State != core.StateQueued || got.Worker != "" || len(got.Chunks) != 0 {
		t.Errorf("queued: got %+v, %v", got, err)
	}
	claim(t, db, a)
	first := store.TailChunk{Ref: a.Ref, Attempt: 1, First: 0, Lines: []string{"a", "b"}}
	second := store.TailChunk{Ref: a.Ref, Attempt: 1, First: 2, Lines: []string{"c"}}
	must(t, db.AppendTails(ctx, []store.TailChunk{first}))
	one, err := db.Tail(ctx, a.Ref, "")
	must(t, err)
	if one.State != core.StateRunning || one.Attempt != 1 || one.Worker != "w.boot" || one.Final {
		t.Errorf("running: got %+v", one)
	}
	must(t, db.AppendTails(ctx, []store.TailChunk{second, {Ref: a.Ref, Attempt: 1, First: 3}}))
	two, err := db.Tail(ctx, a.Ref, one.Last)
	must(t, err)
	three, err := db.Tail(ctx, a.Ref, two.Last)
	must(t, err)
	if diff := cmp.Diff([][]store.TailChunk{{first}, {second}, nil}, [][]store.TailChunk{one.Chunks, two.Chunks, three.Chunks}); diff != "" {
		t.Errorf("chunks (-want +got):\n%s", diff)
	}
	if three.Last != two.Last {
		t.Errorf("position moved from %q to %q without a chunk", two.Last, three.Last)
	}
	end := outcome(time.Now())
	_, err = db.Finish(ctx, &core.Activation{Ref: a.Ref, Attempt: 1, State: core.StateRunning}, end, store.Retention{})
	must(t, err)
	if got, err := db.Tail(ctx, a.Ref, two.Last); err != nil || !got.Final {
		t.Errorf("done: got %+v, %v", got, err)
	}
	if left, err := rdb.TTL(ctx, "hearth:{guest}:tail:"+string(a.ID)).Result(); err != nil || left <= 0 {
		t.Errorf("the tail lives %v, %v", left, err)
	}
	if _, err := db.Tail(ctx, core.Ref{Namespace: "guest", ID: core.NewActivationID()}, ""); core.KindOf(err) != core.KindNotFound || err == nil {
		t.Errorf("no such activation: got %v", err)
	}
}

func TestAWorkerHearsOnceWhatToWatch(t *testing.T) {
	t.Parallel()
	ctx, db := t.Context(), store.New(storetest.Redis(t))
	w := store.Worker{ID: "w", Boot: "b", Beat: 1}
	ref := core.Ref{Namespace: "guest", ID: core.NewActivationID()}
	must(t, db.AskWatch(ctx, ref, w.Token()))
	for _, want := range [][]core.Ref{{ref}, nil} {
		orders, err := db.Heartbeat(ctx, w)
		must(t, err)
		if diff := cmp.Diff(want, orders.Watch); diff != "" || orders.Cancel != nil {
			t.Errorf("cancel %v, watch (-want +got):\n%s", orders.Cancel, diff)
		}
	}
}
