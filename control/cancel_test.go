package control_test

import (
	"sync"
	"testing"
	"time"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
)

func TestACancelledAttemptThatIsGivenBackEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.start(w.invoke("hi", ""))
	if err := w.plane.Cancel(t.Context(), w.who, a.ID); err != nil {
		t.Fatal(err)
	}
	if err := w.plane.Requeue(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	w.reason(a.ID, core.ReasonCancelled)
}

func TestAProcessDiesBetweenGivingBackAndEnding(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.start(w.invoke("hi", ""))
	if err := w.plane.Cancel(t.Context(), w.who, a.ID); err != nil {
		t.Fatal(err)
	}
	if cancelled, err := w.db.Requeue(t.Context(), a, "default", false); err != nil || !cancelled {
		t.Fatalf("got %v, %v", cancelled, err)
	}
	r := newRecon(w)
	for range 5 {
		r.round(time.Second)
	}
	w.reason(a.ID, core.ReasonCancelled)
}

func TestALostWorkersCancelledActivation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := newRecon(w)
	r.beats = true
	r.round(0)
	a := w.start(w.invoke("hi", ""))
	if err := w.plane.NotSent(t.Context(), a); err != nil { // it would run again
		t.Fatal(err)
	}
	if err := w.plane.Cancel(t.Context(), w.who, a.ID); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		r.round(time.Second)
	}
	r.lose()
	w.reason(a.ID, core.ReasonCancelled)
}

// TestCancelAndFinishRace has both end an activation at once: one of them does.
func TestCancelAndFinishRace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 50 {
		id := w.invoke("hi", "")
		var both sync.WaitGroup
		var ran, cancelled error
		both.Go(func() {
			a, err := w.plane.Start(t.Context(), w.ref(id), worker)
			if ran = err; err == nil {
				ran = w.plane.Finish(t.Context(), a, success(`{}`))
			}
		})
		both.Go(func() { cancelled = w.plane.Cancel(t.Context(), w.who, id) })
		both.Wait()
		a, err := w.plane.Activation(t.Context(), w.who, id)
		if err != nil {
			t.Fatal(err)
		}
		if done := a.Outcome.Status == core.StatusSuccess; done != (ran == nil) {
			t.Fatalf("got %+v; run: %v, cancel: %v", a.Outcome, ran, cancelled)
		}
		if ran != nil && cancelled != nil {
			t.Fatalf("run: %v, cancel: %v", ran, cancelled)
		}
	}
	if c := w.counts(); c.Done != 50 || c.Drift() != 0 {
		t.Errorf("got %+v", c)
	}
}

func TestACancelledSequenceTakesItsStepsAlong(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	p.put("one", func(in object) any { return in })
	p.sequence("inner", "one", "one")
	p.sequence("outer", "inner", "one")
	id, err := p.plane.Invoke(t.Context(), p.call("outer", `{}`))
	if err != nil {
		t.Fatal(err)
	}
	step := p.onlyQueued()
	if err := p.plane.Cancel(t.Context(), p.who, id); err != nil {
		t.Fatal(err)
	}
	for _, id := range []core.ActivationID{id, step} {
		p.reason(id, core.ReasonCancelled)
	}
	p.work()
	if c := p.counts(); c.Accepted != 3 || c.Done != 3 {
		t.Errorf("got %+v, want nothing more to run", c)
	}
	p.kind(p.plane.Cancel(t.Context(), p.who, id), core.KindConflict)
}

// workAll runs what is queued until nothing is; others may take some away.
func (p *platform) workAll() {
	for {
		pending, err := p.db.Pending(p.t.Context(), "guest", 10)
		if err != nil {
			p.t.Error(err)
			return
		}
		if len(pending.Queued) == 0 {
			return
		}
		for _, mark := range pending.Queued {
			a, err := p.plane.Start(p.t.Context(), p.ref(mark.ID), worker)
			if err == nil {
				err = p.plane.Finish(p.t.Context(), a, success(`{}`))
			}
			if err != nil && core.KindOf(err) != core.KindConflict {
				p.t.Error(err)
				return
			}
		}
	}
}

// TestASequenceIsCancelledWhileItMoves cancels at any moment of its life.
func TestASequenceIsCancelledWhileItMoves(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	p.put("one", func(in object) any { return in })
	p.sequence("seq", "one", "one", "one", "one")
	for n := range 20 {
		id, err := p.plane.Invoke(t.Context(), p.call("seq", `{}`))
		if err != nil {
			t.Fatal(err)
		}
		var both sync.WaitGroup
		both.Go(func() { p.workAll() })
		both.Go(func() {
			time.Sleep(time.Duration(n) * time.Millisecond) // any moment will do
			if err := p.plane.Cancel(t.Context(), p.who, id); err != nil && core.KindOf(err) != core.KindConflict {
				t.Error(err)
			}
		})
		both.Wait()
		p.workAll()
		if _, err := p.plane.Activation(t.Context(), p.who, id); err != nil {
			t.Fatal(err)
		}
	}
	if c := p.counts(); c.Queued+c.Running != 0 || c.Drift() != 0 {
		t.Errorf("got %+v, want nothing left", c)
	}
}

func TestPriorities(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, test := range []struct {
		name     string
		priority core.Priority
		note     string // the action's annotation
		waits    bool
		want     string
	}{
		{"nobody waits", "", "", false, "background"},
		{"somebody waits", "", "", true, "default"},
		{"nobody waits, and it is urgent", core.PriorityHigh, "", false, "default"},
		{"somebody waits, and has time", core.PriorityLow, "", true, "background"},
		{"an urgent action", "", "high", false, "default"},
		{"an action that has time", "", "low", true, "background"},
		{"the call overrules the action", core.PriorityHigh, "low", false, "default"},
		{"an action's nonsense", "", "highest", false, "background"},
	} {
		call := control.Call{Subject: w.who, Target: control.Target{Action: action("hi")}, Priority: test.priority}
		if test.note != "" {
			call.Target.Action.Annotations = core.Params{{Key: "priority", Value: core.JSON(`"` + test.note + `"`)}}
		}
		var id core.ActivationID
		if test.waits {
			a, err := w.plane.InvokeAndWait(t.Context(), call, time.Millisecond)
			if err != nil {
				t.Fatal(err)
			}
			id = a.ID
		} else {
			var err error
			if id, err = w.plane.Invoke(t.Context(), call); err != nil {
				t.Fatal(err)
			}
		}
		if r, err := w.db.Activation(t.Context(), w.ref(id)); err != nil || r.Queue != test.want {
			t.Errorf("%s: in queue %q, %v, want %q", test.name, r.Queue, err, test.want)
		}
	}
}

func TestMaxAges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, test := range []struct {
		name string
		call time.Duration
		note string
		want time.Duration
	}{
		{"the platform's", 0, "", time.Hour},
		{"the action's, as a number", 0, "90", 90 * time.Second},
		{"the action's, as text", 0, `"2m"`, 2 * time.Minute},
		{"the call's", time.Second, "90", time.Second},
		{"nonsense", 0, `{"a":1}`, time.Hour},
		{"none at all", 0, "0", time.Hour},
	} {
		call := control.Call{Subject: w.who, Target: control.Target{Action: action("hi")}, MaxAge: test.call}
		if test.note != "" {
			call.Target.Action.Annotations = core.Params{{Key: "max-age", Value: core.JSON(test.note)}}
		}
		id, err := w.plane.Invoke(t.Context(), call)
		if err != nil {
			t.Fatal(err)
		}
		if r, err := w.db.Activation(t.Context(), w.ref(id)); err != nil || r.MaxAge != test.want {
			t.Errorf("%s: got %v, %v, want %v", test.name, r.MaxAge, err, test.want)
		}
	}
}
