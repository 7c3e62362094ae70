package control_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/queue"
	"github.com/hearth-faas/hearth/store"
)

func TestAnAttemptIsPostponed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	want := core.Request{URI: "/a?b", Body: []byte{0xff}}
	id, err := w.plane.Invoke(ctx, control.Call{Subject: w.who, Target: control.Target{Action: action("hi")}, Request: &want})
	if err != nil {
		t.Fatal(err)
	}
	first := w.start(id)
	if err := w.plane.Postpone(ctx, first, time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := w.plane.Postpone(ctx, first, time.Hour); core.KindOf(err) != core.KindConflict {
		t.Errorf("got %v, want a conflict", err)
	}
	record, err := w.db.Activation(ctx, w.ref(id))
	if err != nil || record.State != core.StateQueued || record.Due.Before(first.Accepted.Add(time.Hour)) || record.Retries != 1 {
		t.Fatalf("got %+v, %v", record, err)
	}
	if a, err := w.db.Admit(ctx, "guest", "invoke", 10, true); err != nil || a.InFlight != 0 {
		t.Errorf("got %+v, %v, want nothing in flight", a, err)
	}
	r := newRecon(w)
	r.round(time.Second)
	if c := w.counts(); c != (store.Counts{Accepted: 1, Queued: 1}) {
		t.Errorf("got %+v", c)
	}
	w.due(id)
	r.round(2 * time.Hour)
	a := w.start(id)
	got, err := core.DecodeRequest(a.Input)
	if diff := cmp.Diff(want, got); err != nil || diff != "" || !a.Raw || a.Attempt != 2 || a.Retries != 1 || !a.Due.IsZero() {
		t.Errorf("got %+v, %v\n%s", a, err, diff)
	}
	if n, err := queue.NewClient(w.rdb).Waiting(ctx, queue.Overflow, queue.Background); err != nil || n[0]+n[1] == 0 {
		t.Errorf("got %v, %v, want a task of its own", n, err)
	}
	if err := w.plane.Finish(ctx, a, success(`{}`)); err != nil {
		t.Fatal(err)
	}
	if c := w.counts(); c != (store.Counts{Accepted: 1, Done: 1}) {
		t.Errorf("got %+v", c)
	}
}

func TestAPostponedAttemptIsCancelled(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]bool{"before it is postponed": true, "while it waits": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			id := w.invoke("hi", `{}`)
			a := w.start(id)
			steps := []func() error{
				func() error { return w.plane.Postpone(t.Context(), a, time.Hour) },
				func() error { return w.plane.Cancel(t.Context(), w.who, id) },
			}
			if before {
				steps[0], steps[1] = steps[1], steps[0]
			}
			for _, step := range steps {
				if err := step(); err != nil {
					t.Fatal(err)
				}
			}
			w.reason(id, core.ReasonCancelled)
			r := newRecon(w)
			r.round(time.Second)
			if n := w.rdb.ZCard(t.Context(), "hearth:{guest}:queued").Val(); n != 0 {
				t.Errorf("%d are still queued", n)
			}
		})
	}
}
