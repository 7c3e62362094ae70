package control_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
	"github.com/hearth-faas/hearth/store/storetest"
)

// object is a JSON object.
type object = map[string]any

// function stands for the code of an action.
type function func(in object) any

// platform is a world with a namespace, and functions that its worker runs.
type platform struct {
	world
	functions map[string]function
	// finish is how the worker ends an activation.
	finish func(*core.Activation, core.Outcome) error
	ran    []string
}

func newPlatform(t *testing.T) *platform {
	t.Helper()
	w := worldOn(t, storetest.Redis(t), control.Options{})
	if _, err := w.db.CreateNamespace(t.Context(), "guest"); err != nil {
		t.Fatal(err)
	}
	who, err := w.plane.Owner(t.Context(), "guest")
	if err != nil {
		t.Fatal(err)
	}
	w.who = who
	p := &platform{world: w, functions: map[string]function{}}
	p.finish = func(a *core.Activation, out core.Outcome) error { return w.plane.Finish(t.Context(), a, out) }
	return p
}

func name(text string) core.Name { return core.ParseLocal("guest", text) }

// put makes an action of the function.
func (p *platform) put(local string, f function, annotations ...core.Param) {
	p.t.Helper()
	p.functions[local] = f
	p.exec(local, core.Exec{Kind: "nodejs:24", Code: []byte("x")}, annotations...)
}

func (p *platform) sequence(local string, components ...string) {
	p.t.Helper()
	exec := core.Exec{Kind: core.KindSequence}
	for _, c := range components {
		exec.Components = append(exec.Components, name(c))
	}
	p.exec(local, exec)
}

func (p *platform) exec(local string, exec core.Exec, annotations ...core.Param) {
	p.t.Helper()
	patch := control.ActionPatch{Exec: &exec, Annotations: annotations}
	if _, err := p.plane.PutAction(p.t.Context(), p.who, name(local), patch, true); err != nil {
		p.t.Fatalf("put %s: %v", local, err)
	}
}

func (p *platform) call(local, payload string) control.Call {
	p.t.Helper()
	target, err := p.plane.Resolve(p.t.Context(), p.who, name(local))
	if err != nil {
		p.t.Fatalf("resolve %s: %v", local, err)
	}
	return control.Call{Subject: p.who, Target: target, Payload: core.JSON(payload), Arrived: time.Now().Add(-time.Second)}
}

// work runs what is queued until nothing is.
func (p *platform) work() {
	p.t.Helper()
	for p.workOne() {
	}
}

func (p *platform) workOne() bool {
	p.t.Helper()
	pending, err := p.db.Pending(p.t.Context(), "guest", 100)
	if err != nil {
		p.t.Fatal(err)
	}
	if len(pending.Queued) == 0 {
		return false
	}
	a := p.start(pending.Queued[0].ID)
	p.ran = append(p.ran, a.Action.Local())
	var in object
	_ = json.Unmarshal(a.Input, &in)
	body, err := json.Marshal(p.functions[a.Action.Local()](in))
	if err != nil {
		p.t.Fatal(err)
	}
	out := success(string(body))
	if strings.HasPrefix(string(body), `{"error":`) {
		out.Status = core.StatusApplicationError
	}
	if err := p.finish(a, out); err != nil {
		p.t.Fatalf("finish: %v", err)
	}
	return true
}

// run invokes, works, and returns the record.
func (p *platform) run(local, payload string) *core.Activation {
	p.t.Helper()
	id, err := p.plane.Invoke(p.t.Context(), p.call(local, payload))
	if err != nil {
		p.t.Fatalf("invoke %s: %v", local, err)
	}
	p.work()
	return p.record(id)
}

func (p *platform) record(id core.ActivationID) *core.Activation {
	p.t.Helper()
	a, err := p.plane.Activation(p.t.Context(), p.who, id)
	if err != nil {
		p.t.Fatalf("record of %s: %v", id, err)
	}
	return a
}

// ended checks how an activation ended, and that nothing is left over.
func (p *platform) ended(a *core.Activation, status core.Status, result string) {
	p.t.Helper()
	if a.Outcome.Status != status || string(a.Outcome.Result) != result {
		p.t.Errorf("got %q and %s, want %q and %s", a.Outcome.Status, a.Outcome.Result, status, result)
	}
	if c := p.counts(); c.Drift() != 0 || c.Queued+c.Running != 0 {
		p.t.Errorf("got %+v, want nothing left and no drift", c)
	}
	pending, err := p.db.Pending(p.t.Context(), "guest", 100)
	if err != nil || len(pending.Resume) != 0 {
		p.t.Errorf("got moves due: %v, %v", pending.Resume, err)
	}
}

func increment(in object) any {
	n, _ := in["n"].(float64)
	return object{"n": n + 1}
}

func TestASequencePassesResultsOn(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	p.put("inc", increment)
	p.put("double", func(in object) any { return object{"n": 2 * in["n"].(float64)} })
	p.sequence("seq", "inc", "double", "inc")
	a := p.run("seq", `{"n":4,"error":"does not stop it"}`)
	p.ended(a, core.StatusSuccess, `{"n":11}`)
	if a.Kind != core.KindSequence || !a.Topmost || a.Conductor || a.Limits.Memory != 256 || a.Cause != (core.Cause{}) {
		t.Errorf("got %+v", a)
	}
	if a.Outcome.Duration != 3*time.Millisecond || a.Outcome.WaitTime < time.Second || len(a.Outcome.Logs) != 3 {
		t.Errorf("got %+v, want the sum of three durations, the wait, and three ids", a.Outcome)
	}
	for i, id := range a.Outcome.Logs {
		step := p.record(core.ActivationID(id))
		if step.Cause != (core.Cause{Parent: a.ID, Step: i}) || step.Topmost {
			t.Errorf("step %d: got %+v", i, step.Cause)
		}
	}
	if want := []string{"inc", "double", "inc"}; !slices.Equal(p.ran, want) {
		t.Errorf("got %v, want %v", p.ran, want)
	}
}

func TestASequenceStopsAtTheFirstError(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	p.put("inc", increment)
	p.put("fail", func(object) any { return object{"error": "no"} })
	p.sequence("inner", "inc", "fail")
	p.sequence("outer", "inc", "inner", "inc")
	a := p.run("outer", `{}`)
	p.ended(a, core.StatusApplicationError, `{"error":"no"}`)
	if len(a.Outcome.Logs) != 2 {
		t.Fatalf("got steps %v, want two", a.Outcome.Logs)
	}
	inner := p.record(core.ActivationID(a.Outcome.Logs[1]))
	if inner.Cause.Parent != a.ID || inner.Topmost || inner.Kind != core.KindSequence || len(inner.Outcome.Logs) != 2 {
		t.Errorf("got %+v", inner)
	}
	if deep := p.record(core.ActivationID(inner.Outcome.Logs[1])); deep.Cause.Parent != inner.ID {
		t.Errorf("got cause %v, want the sequence that encloses it directly", deep.Cause)
	}
}

func TestComponentsAreLookedUpWhenTheirTurnComes(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	p.put("inc", increment)
	p.put("gone", increment)
	p.sequence("seq", "inc", "gone")
	id, err := p.plane.Invoke(t.Context(), p.call("seq", `{}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.plane.DeleteAction(t.Context(), p.who, name("gone")); err != nil {
		t.Fatal(err)
	}
	p.work()
	p.ended(p.record(id), core.StatusApplicationError, `{"error":"Sequence component does not exist."}`)
}

func TestTooManyActionsInASequence(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	p.put("inc", increment)
	p.sequence("inner", "inc")
	p.sequence("outer", slices.Repeat([]string{"inner"}, 26)...)
	p.sequence("inner", "inc", "inc") // it has grown since: 52 in all
	a := p.run("outer", `{}`)
	p.ended(a, core.StatusApplicationError, `{"error":"Too many actions in the sequence."}`)
	if n := len(p.ran); n != core.MaxSequence {
		t.Errorf("got %d runs, want %d", n, core.MaxSequence)
	}
}

func TestASequenceSurvivesACrashAtEveryStep(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	p.put("inc", increment)
	p.sequence("inner", "inc", "inc")
	p.sequence("seq", "inc", "inner", "inc")
	// Every process dies right after its write, before it makes the next move.
	p.finish = func(a *core.Activation, out core.Outcome) error {
		_, err := p.db.Finish(t.Context(), a, out, store.Retention{})
		return err
	}
	id, err := p.plane.AcceptOnly(t.Context(), p.call("seq", `{"n":0}`))
	if err != nil {
		t.Fatal(err)
	}
	r := newRecon(p.world)
	for range 20 {
		r.round(2 * time.Second)
		p.work()
	}
	p.ended(p.record(id), core.StatusSuccess, `{"n":4}`)
	if len(p.ran) != 4 {
		t.Errorf("got %v, want each component once", p.ran)
	}
}

func TestAStepThatTakesTooLong(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	p.put("inc", increment)
	p.sequence("seq", "inc")
	id, err := p.plane.Invoke(t.Context(), p.call("seq", `{}`))
	if err != nil {
		t.Fatal(err)
	}
	pending, err := p.db.Pending(t.Context(), "guest", 10)
	if err != nil {
		t.Fatal(err)
	}
	step := p.start(pending.Queued[0].ID)
	r := newRecon(p.world)
	r.beats = true
	for range 4 {
		r.round(time.Minute)
	}
	a := p.record(id)
	want := fmt.Sprintf(`{"error":"Timeout reached when retrieving activation %s for sequence component."}`, step.ID)
	if a.Outcome.Status != core.StatusInternalError || string(a.Outcome.Result) != want {
		t.Errorf("got %v %s, want %s", a.Outcome.Status, a.Outcome.Result, want)
	}
	if err := p.plane.Finish(t.Context(), step, success(`{}`)); err != nil { // late, and kept
		t.Error(err)
	}
	p.ended(p.record(step.ID), core.StatusSuccess, `{}`)
}

func TestCancellingASequenceCancelsItsStep(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	p.put("inc", increment)
	p.sequence("inner", "inc")
	p.sequence("seq", "inner")
	id, err := p.plane.Invoke(t.Context(), p.call("seq", `{}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.plane.Cancel(t.Context(), p.who, id); err != nil {
		t.Fatal(err)
	}
	a := p.record(id)
	p.ended(a, core.StatusInternalError, `{"error":"The activation was cancelled."}`)
	if c := p.counts(); c.Done != 3 {
		t.Errorf("got %+v, want all three done", c)
	}
}

// conductor is the annotation of a composition.
func conductor() core.Param { return core.Param{Key: "conductor", Value: core.JSON("true")} }

func TestAComposition(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	p.put("inc", increment)
	p.sequence("twice", "inc", "inc")
	p.put("compose", func(in object) any {
		switch in["step"] {
		case nil:
			return object{"action": "inc", "params": object{"n": in["n"]}, "state": object{"step": 1}}
		case 1.0:
			return object{"action": "/guest/twice", "params": object{"n": in["n"]}, "state": object{"step": 2}}
		}
		return object{"params": object{"n": in["n"], "end": true}}
	}, conductor())
	a := p.run("compose", `{"n":1}`)
	p.ended(a, core.StatusSuccess, `{"end":true,"n":4}`)
	if !a.Conductor || !a.Topmost || a.Kind != core.KindSequence {
		t.Errorf("got %+v", a)
	}
	want := []string{"compose", "inc", "compose", "inc", "inc", "compose"}
	if !slices.Equal(p.ran, want) || len(a.Outcome.Logs) != 5 {
		t.Errorf("got %v and %d ids, want %v and 5", p.ran, len(a.Outcome.Logs), want)
	}
	for _, id := range a.Outcome.Logs {
		if step := p.record(core.ActivationID(id)); step.Cause.Parent != a.ID {
			t.Errorf("got cause %v", step.Cause)
		}
	}
}

func TestWhatAConductorIsTold(t *testing.T) {
	t.Parallel()
	for title, c := range map[string]struct {
		says any
		hear string
	}{
		"an action that does not exist": {object{"action": "none"},
			"Failed to resolve action with name 'guest/none' during composition."},
		"an action of somebody else": {object{"action": "/other/x"},
			"Failed entitlement check for action with name 'other/x' during composition."},
		"a name that is none":                   {object{"action": 7}, "Failed to parse action name from json value 7 during composition."},
		"an error of the component, with state": {object{"action": "fail", "state": 5}, "no"},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			p := newPlatform(t)
			p.put("fail", func(object) any { return object{"error": "no"} })
			p.put("compose", func(in object) any {
				if text, ok := in["error"]; ok {
					return object{"heard": text, "state": in["state"]}
				}
				return c.says
			}, conductor())
			state := any(nil)
			if title == "an error of the component, with state" {
				state = 5
			}
			want, err := json.Marshal(object{"heard": c.hear, "state": state})
			if err != nil {
				t.Fatal(err)
			}
			p.ended(p.run("compose", `{}`), core.StatusSuccess, string(want))
		})
	}
}

func TestHowACompositionEnds(t *testing.T) {
	t.Parallel()
	for title, c := range map[string]struct {
		says   any
		status core.Status
		result string
	}{
		"without an action, with its whole result": {object{"a": 1}, core.StatusSuccess, `{"a":1}`},
		"without an action, with params":           {object{"params": 3}, core.StatusSuccess, `3`},
		"with an error of the conductor":           {object{"error": "x"}, core.StatusApplicationError, `{"error":"x"}`},
		"when it never does":                       {object{"action": "inc"}, core.StatusApplicationError, `{"error":"Too many actions in the composition."}`},
		"with an array":                            {[]int{1}, core.StatusSuccess, `[1]`},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			p := newPlatform(t)
			p.put("inc", increment)
			p.put("compose", func(object) any { return c.says }, conductor())
			p.ended(p.run("compose", `{}`), c.status, c.result)
			runs := 0
			for _, r := range p.ran {
				if r == "compose" {
					runs++
				}
			}
			if len(p.ran) > 1 && (runs != 2*core.MaxSequence+1 || len(p.ran)-runs != core.MaxSequence) {
				t.Errorf("got %d runs of the conductor and %d components", runs, len(p.ran)-runs)
			}
		})
	}
}

func TestNestedCompositionsShareTheirCounters(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	p.put("inc", increment)
	p.put("inner", func(object) any { return object{"action": "inc"} }, conductor())
	p.put("outer", func(in object) any {
		if in["error"] != nil {
			return object{"params": in}
		}
		return object{"action": "inner"}
	}, conductor())
	a := p.run("outer", `{}`)
	p.ended(a, core.StatusApplicationError, `{"error":"Too many actions in the composition."}`)
	components := 1 // inner
	for _, r := range p.ran {
		if r == "inc" {
			components++
		}
	}
	if components != core.MaxSequence {
		t.Errorf("got %d components, want %d", components, core.MaxSequence)
	}
}

func TestTheRecordOfASequenceGrowsNoSecrets(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	p.put("inc", increment)
	p.sequence("seq", "inc")
	call := p.call("seq", `{}`)
	call.APIKey = "uuid:canary"
	id, err := p.plane.Invoke(t.Context(), call)
	if err != nil {
		t.Fatal(err)
	}
	p.work()
	if diff := cmp.Diff("", p.record(id).APIKey); diff != "" {
		t.Error(diff)
	}
	keys, err := p.rdb.Keys(t.Context(), "hearth:{guest}:act:*").Result()
	if err != nil || len(keys) != 2 {
		t.Fatalf("got %v, %v", keys, err)
	}
	for _, key := range keys {
		for field, value := range p.rdb.HGetAll(t.Context(), key).Val() {
			if strings.Contains(value, "canary") {
				t.Errorf("%s still holds the key in %s", key, field)
			}
		}
	}
}
