package control_test

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/queue"
	"github.com/hearth-faas/hearth/store"
	"github.com/hearth-faas/hearth/store/storetest"
)

func TestParseDelay(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		name, text string
		want       time.Duration
		ok         bool
	}{
		{"ok, a duration", "1h30m", 90 * time.Minute, true},
		{"ok, seconds", "90", 90 * time.Second, true},
		{"ok, parts of a second", "0.25", 250 * time.Millisecond, true},
		{"ok, now", "0", 0, true},
		{"ok, a time", "2026-03-01T13:00:00+01:00", 0, true},
		{"ok, a time ahead", "2026-03-02T12:00:00.5Z", 24*time.Hour + 500*time.Millisecond, true},
		{"ok, a time that is past", "2025-01-01T00:00:00Z", 0, true},
		{"ok, the longest", "168h", 168 * time.Hour, true},
		{"nok, longer", "168h1s", 0, false},
		{"nok, much longer", "1e300", 0, false},
		{"nok, a time too far ahead", "2027-03-01T12:00:00Z", 0, false},
		{"nok, negative", "-1s", 0, false},
		{"nok, negative seconds", "-1", 0, false},
		{"nok, no number", "NaN", 0, false},
		{"nok, empty", "", 0, false},
		{"nok, words", "tomorrow", 0, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := control.ParseDelay(test.text, now)
			if got != test.want || (err == nil) != test.ok || err != nil && core.KindOf(err) != core.KindInvalid {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}

func (w world) delayed(d time.Duration, a *core.Action) core.ActivationID {
	w.t.Helper()
	id, err := w.plane.Invoke(w.t.Context(), control.Call{
		Subject: w.who, Target: control.Target{Action: a}, Payload: core.JSON(`{"a":1}`), Delay: d,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

// due makes a delayed activation one that has been due for long.
func (w world) due(id core.ActivationID) {
	w.t.Helper()
	z := redis.Z{Score: 1, Member: string(id)}
	if err := w.rdb.ZAddXX(w.t.Context(), "hearth:{guest}:delayed", z).Err(); err != nil {
		w.t.Fatal(err)
	}
}

func TestADelayedCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	tasks := queue.NewClient(w.rdb)
	id := w.delayed(time.Hour, action("hi"))
	record, err := w.db.Activation(ctx, w.ref(id))
	if err != nil || record.State != core.StateQueued || record.Due.Sub(record.Accepted) != time.Hour {
		t.Fatalf("got %+v, %v", record, err)
	}
	if a, err := w.db.Admit(ctx, "guest", "invoke", 10, true); err != nil || a.InFlight != 0 {
		t.Errorf("got %+v, %v, want nothing in flight", a, err)
	}
	// Another process, as after a restart, finds it and leaves it alone.
	r := newRecon(worldOn(t, w.rdb, control.Options{}))
	for range 5 {
		r.round(time.Minute)
	}
	if n, err := tasks.Waiting(ctx, queue.Overflow, queue.Background); err != nil || n[0]+n[1] != 0 {
		t.Errorf("got %v, %v, want no task", n, err)
	}
	r.round(2 * time.Hour) // on the reconciler's own clock, which does not count
	if c := w.counts(); c != (store.Counts{Accepted: 1, Queued: 1}) {
		t.Errorf("got %+v", c)
	}
	w.due(id)
	r.round(2 * time.Hour)
	if n, err := tasks.Waiting(ctx, queue.Overflow, queue.Background); err != nil || n[0]+n[1] != 1 {
		t.Errorf("got %v, %v, want one task", n, err)
	}
	r.round(time.Second)
	a := w.start(id)
	if string(a.Input) != `{"a":1}` || !a.Due.IsZero() || a.Accepted.Before(record.Accepted) {
		t.Errorf("got %+v", a)
	}
	if err := w.plane.Finish(ctx, a, success(`{}`)); err != nil {
		t.Fatal(err)
	}
	if c := w.counts(); c != (store.Counts{Accepted: 1, Done: 1}) {
		t.Errorf("got %+v", c)
	}
}

func TestTheAgeOfADelayedCallBeginsWhenItIsDue(t *testing.T) {
	t.Parallel()
	w := worldOn(t, storetest.Redis(t), control.Options{MaxAge: time.Minute})
	id := w.delayed(time.Hour, action("hi"))
	r := newRecon(w)
	for range 3 {
		r.round(10 * time.Minute)
	}
	w.due(id)
	r.round(time.Hour)
	r.round(10 * time.Second)
	if c := w.counts(); c.Queued != 1 {
		t.Fatalf("got %+v, want it queued", c)
	}
	r.round(time.Minute)
	r.round(time.Minute)
	w.reason(id, core.ReasonExpired)
}

func TestADelayedCallIsCancelled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	id := w.delayed(time.Hour, action("hi"))
	if err := w.plane.Cancel(ctx, w.who, id); err != nil {
		t.Fatal(err)
	}
	w.reason(id, core.ReasonCancelled)
	w.due(id)
	r := newRecon(w)
	r.round(time.Second)
	r.round(time.Second)
	if n := w.rdb.ZCard(ctx, "hearth:{guest}:delayed").Val(); n != 0 {
		t.Errorf("%d are still delayed", n)
	}
	w.reason(id, core.ReasonCancelled)
}

func TestAProcessDiesWhileItReleasesADelayedCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	id := w.delayed(time.Hour, action("hi"))
	record, err := w.db.Activation(ctx, w.ref(id))
	if err != nil {
		t.Fatal(err)
	}
	record.Queue = queue.Overflow
	if err := w.db.Release(ctx, []*core.Activation{&record.Activation}); err != nil { // and no task
		t.Fatal(err)
	}
	r := newRecon(w)
	for range 5 {
		r.round(time.Second)
	}
	if n, err := queue.NewClient(w.rdb).Waiting(ctx, queue.Overflow); err != nil || n[0] != 1 {
		t.Errorf("got %v, %v, want its task", n, err)
	}
	if a := w.start(id); a.Attempt != 1 {
		t.Errorf("got %+v", a)
	}
}

func TestADelayedSequence(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	w := p.world
	p.put("one", func(object) any { return object{"n": 1} })
	p.sequence("seq", "one")
	call := p.call("seq", `{"a":1}`)
	call.Delay = time.Hour
	id, err := w.plane.Invoke(t.Context(), call)
	if err != nil {
		t.Fatal(err)
	}
	if c := w.counts(); c != (store.Counts{Accepted: 1, Queued: 1}) {
		t.Fatalf("got %+v", c)
	}
	w.due(id)
	newRecon(w).round(time.Second)
	if c := w.counts(); c != (store.Counts{Accepted: 2, Queued: 1, Running: 1}) {
		t.Fatalf("got %+v, want its first step", c)
	}
	p.work()
	a, err := w.plane.Activation(t.Context(), w.who, id)
	if err != nil || string(a.Outcome.Result) != `{"n":1}` || !a.Topmost {
		t.Errorf("got %+v, %v", a, err)
	}
}
