package callback_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
)

// envelope is what destinations get, without times and ids.
type envelope struct {
	Version, On, Action, Status string
	Success                     bool
	Depth                       int
	Request, Result             json.RawMessage
	Omitted                     []string
}

// queued waits for the one activation that waits for a worker, and claims it.
func (w world) queued() *core.Activation {
	w.t.Helper()
	var a *core.Activation
	w.eventually("nothing is queued", func() bool {
		pending, err := w.db.Pending(w.t.Context(), "guest", 10)
		w.must(err)
		for _, mark := range pending.Queued {
			if a, err = w.plane.Start(w.t.Context(), core.Ref{Namespace: "guest", ID: mark.ID}, "worker"); err == nil {
				return true
			}
		}
		return false
	})
	return a
}

func TestDestinations(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		annotation, value string
		out               core.Outcome
		want              string // the action that runs; "" for none
	}{
		"success, to an action":             {"on-success", "next", succeeded(`{"r":2}`), "next"},
		"success, to a full name":           {"on-success", "/_/next", succeeded(`{"r":2}`), "next"},
		"failure, to an action":             {"on-failure", "next", failed(`{"r":2}`), "next"},
		"success, to a trigger":             {"on-success", "tick", succeeded(`{"r":2}`), "ruled"},
		"success, where failure is awaited": {"on-failure", "next", succeeded(`{"r":2}`), ""},
		"failure, where success is awaited": {"on-success", "next", failed(`{"r":2}`), ""},
	}
	for what, test := range tests {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.put("next")
			w.put("ruled")
			_, err := w.plane.PutTrigger(t.Context(), w.who, name("tick"), control.TriggerPatch{}, true)
			w.must(err)
			from, to := name("tick"), name("ruled")
			_, err = w.plane.PutRule(t.Context(), w.who, name("rule"), control.RulePatch{Trigger: &from, Action: &to}, false)
			w.must(err)
			w.put("first", test.annotation, test.value)
			w.send(quick())
			ref := w.invoke("first", `{"p":1}`, nil)
			w.finish(ref, test.out)
			if test.want == "" {
				c, err := w.db.CountDeliveries(t.Context())
				w.must(err)
				if c["guest"].Pending != 0 {
					t.Errorf("got %+v", c)
				}
				return
			}
			a := w.queued()
			var got envelope
			w.must(json.Unmarshal(a.Input, &got))
			want := envelope{
				Version: "1", On: strings.TrimPrefix(test.annotation, "on-"), Action: "/guest/first", Status: test.out.Status.String(),
				Success: test.out.Status == core.StatusSuccess, Request: json.RawMessage(`{"p":1}`), Result: json.RawMessage(`{"r":2}`),
			}
			if diff := cmp.Diff(want, got); diff != "" || a.Action.Name != test.want || a.Depth != 1 {
				t.Errorf("%s runs at depth %d: %s", a.Action.Name, a.Depth, diff)
			}
			w.delivery(string(ref.ID)+"-"+want.On, core.DeliveryDone)
		})
	}
}

// TestALoopOfDestinationsEnds has an action that is its own destination.
func TestALoopOfDestinationsEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put("loop", "on-success", "loop")
	w.send(quick())
	ref := w.invoke("loop", `{}`, nil)
	w.finish(ref, succeeded(`{}`))
	last := ref.ID
	for range core.MaxDepth {
		a := w.queued()
		last = a.ID
		w.must(w.plane.Finish(t.Context(), a, succeeded(`{}`)))
	}
	d := w.delivery(string(last)+"-success", core.DeliveryDead)
	if !strings.Contains(d.Why, "8 activations") || d.Activation.Depth != core.MaxDepth {
		t.Errorf("got %q at depth %d", d.Why, d.Activation.Depth)
	}
	c, err := w.plane.Counts(t.Context(), "guest")
	w.must(err)
	if c.Done != core.MaxDepth+1 || c.Queued != 0 || c.Drift() != 0 {
		t.Errorf("got %+v", c)
	}
}

// TestDestinationsOfASharedAction belong to who owns it.
func TestDestinationsOfASharedAction(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.db.CreateNamespace(t.Context(), "owner")
	w.must(err)
	owner, err := w.plane.Owner(t.Context(), "owner")
	w.must(err)
	rec := receive(t, nil)
	share, exec := true, core.Exec{Kind: "nodejs:24", Code: []byte("x")}
	pkg := core.Name{Namespace: "owner", Name: "pkg"}
	_, err = w.plane.PutPackage(t.Context(), owner, pkg, control.PackagePatch{Publish: &share}, true)
	w.must(err)
	act := core.Name{Namespace: "owner", Package: "pkg", Name: "act"}
	_, err = w.plane.PutAction(t.Context(), owner, act, control.ActionPatch{
		Exec: &exec, Annotations: core.Params{{Key: "on-success", Value: core.JSON(`"` + rec.URL + `"`)}},
	}, true)
	w.must(err)
	target, err := w.plane.Resolve(t.Context(), w.who, act)
	w.must(err)
	id, err := w.plane.Invoke(t.Context(), control.Call{Subject: w.who, Target: target, Payload: core.JSON(`{}`)})
	w.must(err)
	w.finish(core.Ref{Namespace: "guest", ID: id}, succeeded(`{}`))
	w.send(quick())
	w.eventually("the owner has no delivery", func() bool {
		d, err := w.db.Delivery(t.Context(), "owner", string(id)+"-success")
		return err == nil && d.State == core.DeliveryDone && d.Activation.Namespace == "guest"
	})
	w.eventually("the caller still has it", func() bool {
		list, err := w.db.Deliveries(t.Context(), "guest", "", 0, 10)
		return err == nil && len(list) == 0
	})
	secret, err := w.db.SigningSecret(t.Context(), "owner")
	w.must(err)
	if g := rec.requests()[0]; !signed(g, secret.Secret) {
		t.Error("not signed by the owner")
	}
}

func TestDestinationsThatAreNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	exec := core.Exec{Kind: "nodejs:24", Code: []byte("x")}
	for value, ok := range map[string]bool{
		`"next"`: true, `""`: true, `"https://example.org/x"`: true, `"/_/pkg/next"`: true,
		`7`: false, `{"a":1}`: false, `"ftp://example.org"`: false, `"https://user:pass@example.org"`: false,
		`"a/b/c/d"`: false, `"http://"`: false,
	} {
		_, err := w.plane.PutAction(t.Context(), w.who, name("act"), control.ActionPatch{
			Exec: &exec, Annotations: core.Params{{Key: "on-success", Value: core.JSON(value)}},
		}, true)
		if ok != (err == nil) || !ok && core.KindOf(err) != core.KindInvalid {
			t.Errorf("%s: %v", value, err)
		}
	}
}

// TestADestinationThatIsNotThere is given up, and its activation unharmed.
func TestADestinationThatIsNotThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put("first", "on-success", "nowhere")
	w.send(quick())
	ref := w.invoke("first", `{}`, nil)
	w.finish(ref, succeeded(`{}`))
	d := w.delivery(string(ref.ID)+"-success", core.DeliveryDead)
	if d.Why == "" || d.Tries != 1 {
		t.Errorf("got %+v", d)
	}
}

// TestStepsOfASequenceHaveDestinations, and so has the sequence.
func TestStepsOfASequenceHaveDestinations(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rec := receive(t, nil)
	w.put("step", "on-success", rec.URL+"/step")
	exec := core.Exec{Kind: core.KindSequence, Components: []core.Name{name("step")}}
	_, err := w.plane.PutAction(t.Context(), w.who, name("seq"), control.ActionPatch{
		Exec: &exec, Annotations: core.Params{{Key: "on-success", Value: core.JSON(`"` + rec.URL + `/seq"`)}},
	}, true)
	w.must(err)
	w.send(quick())
	ref := w.invoke("seq", `{"p":1}`, nil)
	step := w.queued()
	w.must(w.plane.Finish(t.Context(), step, succeeded(`{"r":2}`)))
	w.delivery(string(step.ID)+"-success", core.DeliveryDone)
	w.delivery(string(ref.ID)+"-success", core.DeliveryDone)
	causes := map[string]string{}
	for _, g := range rec.requests() {
		var e struct{ ActivationID, Cause, Action string }
		w.must(json.Unmarshal([]byte(g.body), &e))
		causes[e.Action] = e.Cause
	}
	if diff := cmp.Diff(map[string]string{"/guest/step": string(ref.ID), "/guest/seq": ""}, causes); diff != "" {
		t.Error(diff)
	}
}
