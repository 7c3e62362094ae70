package control_test

import (
	"testing"
	"time"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

func asks(retry string) core.Param { return core.Param{Key: "retry", Value: core.JSON(retry)} }

// retried is an activation of an action with the annotation.
func (w world) retried(retry string) core.ActivationID {
	w.t.Helper()
	a := action("hi")
	a.Annotations = core.Params{asks(retry)}
	id, err := w.plane.Invoke(w.t.Context(), control.Call{Subject: w.who, Target: control.Target{Action: a}, Payload: core.JSON(`{"a":1}`)})
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

func failure(result string) core.Outcome {
	out := success(result)
	out.Status = core.StatusApplicationError
	return out
}

func TestAnActionThatAsksRunsAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	id := w.retried(`{"attempts":3,"backoff":"1h"}`)
	for run := 1; run < 3; run++ {
		a := w.start(id)
		if string(a.Input) != `{"a":1}` || a.Attempt != run {
			t.Fatalf("got %+v", a)
		}
		if err := w.plane.Finish(ctx, a, failure(`{"error":"no"}`)); err != nil || a.State != core.StateQueued {
			t.Fatalf("got %v, %v", a.State, err)
		}
		if err := w.plane.AddLogs(ctx, a, []string{"x"}); err != nil {
			t.Fatal(err)
		}
		if c := w.counts(); c != (store.Counts{Accepted: 1, Queued: 1}) {
			t.Errorf("got %+v", c)
		}
		where, err := w.plane.Whereabouts(ctx, w.who, id)
		if err != nil || where.Due.IsZero() || where.Waiting == "" {
			t.Errorf("got %+v, %v", where, err)
		}
		w.due(id)
		newRecon(worldOn(t, w.rdb, control.Options{})).round(time.Second) // of another process: this one has died
	}
	last := w.start(id)
	if err := w.plane.Finish(ctx, last, failure(`{"error":"still"}`)); err != nil {
		t.Fatal(err)
	}
	r, err := w.plane.Activation(ctx, w.who, id)
	if err != nil || r.Outcome.Status != core.StatusApplicationError || string(r.Outcome.Result) != `{"error":"still"}` || r.Outcome.Attempts != 3 {
		t.Errorf("got %+v, %v", r, err)
	}
	if c := w.counts(); c != (store.Counts{Accepted: 1, Done: 1}) {
		t.Errorf("got %+v", c)
	}
}

func TestWhatRunsAgain(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, retry string
		out         core.Outcome
		again       bool
	}{
		{"ok, a number", `2`, failure(`{"error":"no"}`), true},
		{"ok, the code of the error", `{"attempts":2,"codes":[503]}`, failure(`{"error":{"statusCode":503}}`), true},
		{"ok, the code of the result", `{"attempts":2,"codes":[503]}`, failure(`{"error":"no","statusCode":503}`), true},
		{"ok, a backoff that makes no sense", `{"attempts":2,"backoff":"soon"}`, failure(`{"error":"no"}`), true},
		{"nok, success", `2`, success(`{}`), false},
		{"nok, another code", `{"attempts":2,"codes":[503]}`, failure(`{"error":{"statusCode":404}}`), false},
		{"nok, one attempt", `1`, failure(`{"error":"no"}`), false},
		{"nok, no sense", `"often"`, failure(`{"error":"no"}`), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			id := w.retried(test.retry)
			if err := w.plane.Finish(t.Context(), w.start(id), test.out); err != nil {
				t.Fatal(err)
			}
			r, err := w.db.Activation(t.Context(), w.ref(id))
			if err != nil || (r.State == core.StateQueued) != test.again {
				t.Errorf("got %v, %v", r.State, err)
			}
			if c := w.counts(); c.Drift() != 0 {
				t.Errorf("got %+v", c)
			}
		})
	}
}

func TestAnActivationBetweenTwoRunsIsCancelled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.retried(`{"attempts":3,"backoff":3600}`)
	if err := w.plane.Finish(t.Context(), w.start(id), failure(`{"error":"no"}`)); err != nil {
		t.Fatal(err)
	}
	if err := w.plane.Cancel(t.Context(), w.who, id); err != nil {
		t.Fatal(err)
	}
	w.reason(id, core.ReasonCancelled)
	if c := w.counts(); c != (store.Counts{Accepted: 1, Done: 1}) {
		t.Errorf("got %+v", c)
	}
}

func TestAStepIsRetried(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	failed := false
	p.put("flaky", func(object) any {
		if !failed {
			failed = true
			return object{"error": "no"}
		}
		return object{"ok": 1}
	}, asks(`{"attempts":2,"backoff":3600}`))
	p.put("last", func(in object) any { return in })
	p.sequence("seq", "flaky", "last")
	id, err := p.plane.Invoke(t.Context(), p.call("seq", `{}`))
	if err != nil {
		t.Fatal(err)
	}
	p.workOne()
	pending, err := p.db.Pending(t.Context(), "guest", 10)
	if err != nil || len(pending.Delayed) != 1 {
		t.Fatalf("got %+v, %v, want the step to wait", pending, err)
	}
	parent, err := p.db.Activation(t.Context(), core.Ref{Namespace: "guest", ID: id})
	if err != nil || parent.Deadline.Before(time.Now().Add(time.Hour)) {
		t.Errorf("got %v, %v, want the sequence to wait as long", parent.Deadline, err)
	}
	p.due(pending.Delayed[0].ID)
	newRecon(p.world).round(time.Second)
	p.work()
	p.ended(p.record(id), core.StatusSuccess, `{"ok":1}`)
}
