package control_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store/storetest"
)

// dies makes a dead letter of a call.
func (p *platform) dies(local, payload string, reason core.Reason) core.ActivationID {
	p.t.Helper()
	id, err := p.plane.Invoke(p.t.Context(), p.call(local, payload))
	if err != nil {
		p.t.Fatal(err)
	}
	out := core.Outcome{Status: core.StatusInternalError, Reason: reason, Result: core.JSON(`{"error":"x"}`), Logs: []string{}}
	if err := p.plane.Finish(p.t.Context(), p.start(p.onlyQueued()), out); err != nil {
		p.t.Fatal(err)
	}
	return id
}

func (p *platform) letters(q control.DeadLetterQuery) []core.ActivationID {
	p.t.Helper()
	list, err := p.plane.DeadLetters(p.t.Context(), p.who, q)
	if err != nil {
		p.t.Fatal(err)
	}
	var ids []core.ActivationID
	for _, a := range list {
		ids = append(ids, a.ID)
	}
	return ids
}

func TestWhatThePlatformFailedIsADeadLetter(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	ctx := t.Context()
	p.put("one", func(in object) any { return in })
	p.put("two", func(in object) any { return in })
	p.sequence("seq", "one")
	lost := p.dies("one", `{"a":1}`, core.ReasonWorkerLost)
	poison := p.dies("two", `{}`, core.ReasonPoison)
	whole := p.dies("seq", `{"b":2}`, core.ReasonPlatform) // its step fails
	p.dies("one", `{}`, core.ReasonCancelled)              // is none
	all := p.letters(control.DeadLetterQuery{})            // those of one millisecond in any order, and always the same
	if len(all) != 3 {
		t.Fatalf("got %v, want three", all)
	}
	for _, test := range []struct {
		name string
		q    control.DeadLetterQuery
		want []core.ActivationID
	}{
		{"all", control.DeadLetterQuery{}, []core.ActivationID{whole, poison, lost}},
		{"of an action", control.DeadLetterQuery{Name: "two"}, []core.ActivationID{poison}},
		{"of a reason", control.DeadLetterQuery{Reason: core.ReasonWorkerLost}, []core.ActivationID{lost}},
		{"the second", control.DeadLetterQuery{Page: control.Page{Skip: 1, Limit: 1}}, all[1:2]},
		{"of another time", control.DeadLetterQuery{Upto: time.UnixMilli(1)}, nil},
	} {
		got := p.letters(test.q)
		slices.Sort(got)
		slices.Sort(test.want)
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
	a, err := p.plane.DeadLetter(ctx, p.who, lost)
	if err != nil || string(a.Input) != `{"a":1}` || a.Outcome.Reason != core.ReasonWorkerLost {
		t.Errorf("got %+v, %v", a, err)
	}
	if n, err := p.plane.PurgeDeadLetters(ctx, p.who, poison); err != nil || n != 1 {
		t.Errorf("purged %d, %v", n, err)
	}
	_, err = p.plane.DeadLetter(ctx, p.who, poison)
	p.kind(err, core.KindNotFound)
	_, err = p.plane.Redrive(ctx, p.who, "", poison, "")
	p.kind(err, core.KindNotFound)
	if a, err := p.plane.Activation(ctx, p.who, poison); err != nil || a.Outcome.Reason != core.ReasonPoison {
		t.Errorf("got %+v, %v, want the record to stay", a, err)
	}
}

func TestADeadLetterIsRedrivenOnce(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	ctx := t.Context()
	p.put("one", func(in object) any { return in })
	letter := p.dies("one", `{"a":1}`, core.ReasonExpired)
	ids := make([]core.ActivationID, 10)
	var all sync.WaitGroup
	for i := range ids {
		all.Go(func() {
			var err error
			if ids[i], err = p.plane.Redrive(ctx, p.who, "", letter, "tid"); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for _, id := range ids {
		if id != ids[0] || id == letter {
			t.Fatalf("got %v", ids)
		}
	}
	p.work()
	a, err := p.plane.Activation(ctx, p.who, ids[0])
	if err != nil || string(a.Outcome.Result) != `{"a":1}` || a.RedriveOf != letter {
		t.Errorf("got %+v, %v", a, err)
	}
	if got := p.letters(control.DeadLetterQuery{}); len(got) != 0 {
		t.Errorf("got %v, want no letter left", got)
	}
	if c := p.counts(); c.Accepted != 2 || c.Done != 2 {
		t.Errorf("got %+v", c)
	}
}

func TestASequenceIsRedrivenFromItsBeginning(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	p.put("one", func(in object) any { return in })
	p.sequence("seq", "one", "one")
	letter := p.dies("seq", `{"a":1}`, core.ReasonWorkerLost)
	id, err := p.plane.Redrive(t.Context(), p.who, "", letter, "tid")
	if err != nil {
		t.Fatal(err)
	}
	p.work()
	a, err := p.plane.Activation(t.Context(), p.who, id)
	if err != nil || string(a.Outcome.Result) != `{"a":1}` || len(a.Outcome.Logs) != 2 || !a.Topmost {
		t.Errorf("got %+v, %v", a, err)
	}
}

// TestAProcessDiesWhileItRedrives cuts the connection at each exchange with
// Redis; asked again, the redrive is one.
func TestAProcessDiesWhileItRedrives(t *testing.T) {
	t.Parallel()
	srv := storetest.Server(t)
	w := worldOn(t, srv.Client(), control.Options{})
	if _, err := w.db.CreateNamespace(t.Context(), "guest"); err != nil {
		t.Fatal(err)
	}
	p := &platform{world: w, functions: map[string]function{}}
	p.put("one", func(in object) any { return in })
	for at := 1; at <= 5; at++ {
		for _, after := range []bool{false, true} {
			letter := p.dies("one", `{"a":1}`, core.ReasonPlatform)
			before := p.counts().Accepted
			mortal := redis.NewClient(&redis.Options{Network: "unix", Addr: srv.Socket(), MaxRetries: -1})
			mortal.AddHook(&dying{at: at, after: after})
			_, _ = worldOn(t, mortal, control.Options{}).plane.Redrive(t.Context(), p.who, "", letter, "tid")
			_ = mortal.Close()
			id, err := p.plane.Redrive(t.Context(), p.who, "", letter, "tid")
			if err != nil {
				t.Fatal(err)
			}
			if n := p.counts().Accepted - before; n != 1 {
				t.Errorf("cut at %d, after it %v: %d activations, want one", at, after, n)
			}
			a := p.start(id)
			if err := p.plane.Finish(t.Context(), a, success(`{}`)); err != nil || string(a.Input) != `{"a":1}` {
				t.Errorf("got %+v, %v", a, err)
			}
		}
	}
}
