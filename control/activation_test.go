package control_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/queue"
	"github.com/hearth-faas/hearth/store"
	"github.com/hearth-faas/hearth/store/storetest"
)

// patience bounds every wait.
const patience = time.Minute

const worker = "w1.boot"

// world is a control plane on a Redis of its own.
type world struct {
	t     *testing.T
	rdb   redis.UniversalClient
	db    *store.DB
	plane *control.Plane
	who   core.Subject
}

func newWorld(t *testing.T) world {
	t.Helper()
	return worldOn(t, storetest.Redis(t), control.Options{})
}

func worldOn(t *testing.T, rdb redis.UniversalClient, opt control.Options) world {
	t.Helper()
	opt.Server = "api1"
	db := store.New(rdb)
	return world{
		t: t, rdb: rdb, db: db,
		plane: control.New(db, queue.NewClient(rdb), slog.New(slog.DiscardHandler), opt),
		who:   core.Subject{Name: "guest", UUID: "uuid", Namespace: core.Namespace{Name: "guest"}},
	}
}

func (w world) ref(id core.ActivationID) core.Ref { return core.Ref{Namespace: "guest", ID: id} }

// action is one that needs nothing from the store.
func action(name string) *core.Action {
	return &core.Action{
		Meta: core.Meta{Name: core.Name{Namespace: "guest", Name: name}, Version: core.FirstVersion, Revision: "r1"},
		Exec: core.Exec{Kind: "nodejs:24"}, Limits: core.DefaultLimits(),
	}
}

func (w world) invoke(name, payload string) core.ActivationID {
	w.t.Helper()
	id, err := w.plane.Invoke(w.t.Context(), control.Call{
		Subject: w.who, Target: control.Target{Action: action(name)}, Payload: core.JSON(payload),
	})
	if err != nil {
		w.t.Fatalf("invoke: %v", err)
	}
	return id
}

func (w world) start(id core.ActivationID) *core.Activation {
	w.t.Helper()
	a, err := w.plane.Start(w.t.Context(), w.ref(id), worker)
	if err != nil {
		w.t.Fatalf("start: %v", err)
	}
	return a
}

func success(result string) core.Outcome {
	now := time.Now().UTC().Truncate(time.Microsecond)
	return core.Outcome{
		Result: core.JSON(result), Size: len(result), Start: now, End: now.Add(time.Millisecond),
		Duration: time.Millisecond, Logs: []string{},
	}
}

func (w world) counts() store.Counts {
	w.t.Helper()
	c, err := w.plane.Counts(w.t.Context(), "guest")
	if err != nil {
		w.t.Fatalf("counts: %v", err)
	}
	return c
}

func (w world) kind(err error, want core.Kind) {
	w.t.Helper()
	if err == nil || core.KindOf(err) != want {
		w.t.Errorf("got error %v, want one of kind %q", err, want)
	}
}

func TestAnActivationFromAcceptToRecord(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	target := control.Target{Action: action("hi"), Binding: core.Name{Namespace: "guest", Name: "bound"}}
	target.Action.Name.Package = "pk"
	target.Action.Params = core.Params{
		{Key: "a", Value: core.JSON("1")}, {Key: "b", Value: core.JSON("2")},
		{Key: "TOKEN", Value: core.JSON(`"x"`), Init: true}, {Key: "named", Value: core.JSON(`"x"`), Init: true},
	}
	id, err := w.plane.Invoke(t.Context(), control.Call{
		Subject: w.who, Target: target, Payload: core.JSON(` {"b": 3, "named": 4}`), TransactionID: "tid", APIKey: "u:k",
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(store.Counts{Accepted: 1, Queued: 1}, w.counts()); diff != "" {
		t.Error(diff)
	}
	a := w.start(id)
	want := &core.Activation{
		Ref: w.ref(id), Action: target.Action.Name, Version: core.FirstVersion, Revision: "r1", Kind: "nodejs:24",
		Limits: core.DefaultLimits(), Subject: "guest", KeyUUID: "uuid", Binding: target.Binding, TransactionID: "tid",
		Input: core.JSON(`{"a":1,"b": 3, "named": 4}`), Env: core.Params{{Key: "TOKEN", Value: core.JSON(`"x"`), Init: true}},
		APIKey: "u:k", MaxAge: time.Hour, State: core.StateRunning, Attempt: 1, Worker: worker, Queue: queue.Background, Sent: true,
	}
	if diff := cmp.Diff(want, a, cmpopts.IgnoreFields(core.Activation{}, "Accepted", "Deadline")); diff != "" {
		t.Error(diff)
	}
	if a.Accepted.IsZero() || !a.Deadline.After(a.Accepted) {
		t.Errorf("got accepted %v and deadline %v", a.Accepted, a.Deadline)
	}
	out := success(`{"ok":true}`)
	out.Logs = nil
	if err := w.plane.Finish(t.Context(), a, out); err != nil {
		t.Fatal(err)
	}
	_, err = w.plane.Activation(t.Context(), w.who, id)
	w.kind(err, core.KindNotFound) // its logs are not there yet
	if err := w.plane.AddLogs(t.Context(), a, []string{"one", "two"}); err != nil {
		t.Fatal(err)
	}
	got, err := w.plane.Activation(t.Context(), w.who, id)
	if err != nil {
		t.Fatal(err)
	}
	out.Logs = []string{"one", "two"}
	if diff := cmp.Diff(out, got.Outcome); diff != "" {
		t.Error(diff)
	}
	if got.Input != nil || got.APIKey != "" {
		t.Error("input or key outlived the activation")
	}
	if c := w.counts(); c != (store.Counts{Accepted: 1, Done: 1}) {
		t.Errorf("got %+v", c)
	}
	for name, n := range map[string]int{"": 1, "pk/hi": 1, "bound/hi": 1, "hi": 0} {
		q := control.ActivationQuery{Name: name}
		list, err := w.plane.Activations(t.Context(), w.who, q)
		count, err2 := w.plane.CountActivations(t.Context(), w.who, q)
		if err != nil || err2 != nil || len(list) != n || count != n {
			t.Errorf("name %q: got %d records and count %d (%v, %v), want %d", name, len(list), count, err, err2, n)
		}
	}
}

func TestStaleAttemptsCannotWrite(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	id := w.invoke("hi", "")
	old := w.start(id)
	if err := w.plane.NotSent(ctx, old); err != nil {
		t.Fatal(err)
	}
	if err := w.plane.Requeue(ctx, old); err != nil {
		t.Fatal(err)
	}
	w.kind(w.plane.Sent(ctx, old), core.KindConflict)
	w.kind(w.plane.Finish(ctx, old, success(`{"old":1}`)), core.KindConflict)
	a := w.start(id)
	if a.Attempt != 2 {
		t.Errorf("got attempt %d, want 2", a.Attempt)
	}
	w.kind(w.plane.Requeue(ctx, old), core.KindConflict)
	w.kind(w.plane.Finish(ctx, old, success(`{"old":1}`)), core.KindConflict)
	w.kind(w.plane.AddLogs(ctx, old, nil), core.KindConflict)
	out := success(`{"new":1}`)
	for range 2 { // repeating is harmless
		if err := w.plane.Finish(ctx, a, out); err != nil {
			t.Fatal(err)
		}
	}
	w.kind(w.plane.Finish(ctx, a, success(`{"other":1}`)), core.KindConflict)
	w.kind(w.plane.Requeue(ctx, a), core.KindConflict)
	_, err := w.plane.Start(ctx, w.ref(id), worker)
	w.kind(err, core.KindConflict)
	_, err = w.plane.Start(ctx, w.ref(core.NewActivationID()), worker)
	w.kind(err, core.KindNotFound)
	got, err := w.plane.Activation(ctx, w.who, id)
	if err != nil || string(got.Outcome.Result) != `{"new":1}` {
		t.Errorf("got %v, %v", got, err)
	}
	if c := w.counts(); c != (store.Counts{Accepted: 1, Done: 1}) {
		t.Errorf("got %+v", c)
	}
}

func TestFinalParametersCannotBeOverridden(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := action("hi")
	a.Annotations = core.Params{{Key: "final", Value: core.JSON("true")}}
	a.Params = core.Params{{Key: "set", Value: core.JSON("1")}, {Key: "open", Value: core.JSON("null")}}
	for payload, ok := range map[string]bool{`{"set":2}`: false, `{"open":2,"new":3}`: true, ``: true, `[1]`: true, `{`: false} {
		_, err := w.plane.Invoke(t.Context(), control.Call{
			Subject: w.who, Target: control.Target{Action: a}, Payload: core.JSON(payload),
		})
		if (err == nil) != ok || err != nil && core.KindOf(err) != core.KindInvalid {
			t.Errorf("payload %s: got %v, want success %v", payload, err, ok)
		}
	}
}

func TestAWaitingCallerIsWoken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- w.plane.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-served })
	big := `{"x":"` + string(make([]byte, 0)) + longText(100_000) + `"}`
	for name, result := range map[string]string{"small": `{"n":1}`, "too large for a reply": big, "array": `[1,2]`} {
		got := make(chan *core.Activation, 1)
		go func() {
			a, err := w.plane.InvokeAndWait(ctx, control.Call{Subject: w.who, Target: control.Target{Action: action("hi")}}, patience)
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			got <- a
		}()
		a := w.start(w.onlyQueued())
		if err := w.plane.Finish(ctx, a, success(result)); err != nil {
			t.Fatal(err)
		}
		if b := <-got; b == nil || b.State != core.StateDone || string(b.Outcome.Result) != result || b.ID != a.ID {
			t.Errorf("%s: got %+v", name, b)
		}
	}
}

func longText(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = 'x'
	}
	return string(b)
}

// onlyQueued waits until one activation is queued and returns its id.
func (w world) onlyQueued() core.ActivationID {
	w.t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		p, err := w.db.Pending(w.t.Context(), "guest", 10)
		if err != nil {
			w.t.Fatal(err)
		}
		if len(p.Queued) == 1 {
			return p.Queued[0].ID
		}
	}
	w.t.Fatal("nothing is queued")
	return ""
}

func TestWaitingEndsWithoutTheActivation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	call := control.Call{Subject: w.who, Target: control.Target{Action: action("hi")}}
	a, err := w.plane.InvokeAndWait(t.Context(), call, time.Millisecond)
	if err != nil || a.State == core.StateDone || a.ID == "" {
		t.Errorf("got %+v, %v, want an id and no end", a, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() { w.onlyQueuedBut(a.ID); cancel() }()
	a, err = w.plane.InvokeAndWait(ctx, call, patience)
	if err != nil || a.State == core.StateDone || a.ID == "" {
		t.Errorf("cut off: got %+v, %v, want an id and no end", a, err)
	}
}

func (w world) onlyQueuedBut(id core.ActivationID) {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		p, err := w.db.Pending(context.WithoutCancel(w.t.Context()), "guest", 10)
		if err == nil && len(p.Queued) == 2 && id != "" {
			return
		}
	}
}

func TestWaitersWithoutReplyStreamPoll(t *testing.T) {
	t.Parallel()
	w := newWorld(t) // Run is not called
	got := make(chan *core.Activation, 1)
	go func() {
		a, _ := w.plane.InvokeAndWait(t.Context(), control.Call{Subject: w.who, Target: control.Target{Action: action("hi")}}, patience)
		got <- a
	}()
	if err := w.plane.Finish(t.Context(), w.start(w.onlyQueued()), success(`{}`)); err != nil {
		t.Fatal(err)
	}
	if a := <-got; a == nil || a.State != core.StateDone {
		t.Errorf("got %+v, want the end", a)
	}
}

func TestNothingIsAcceptedWithoutRedis(t *testing.T) {
	t.Parallel()
	srv := storetest.Server(t)
	w := worldOn(t, srv.Client(), control.Options{})
	w.invoke("hi", "")
	srv.Kill()
	_, err := w.plane.Invoke(t.Context(), control.Call{Subject: w.who, Target: control.Target{Action: action("hi")}})
	w.kind(err, core.KindUnavailable)
	srv.Start()
	if c := w.counts(); c.Accepted != 1 || c.Drift() != 0 {
		t.Errorf("got %+v, want the one that was accepted", c)
	}
}

func TestAFullQueueRefuses(t *testing.T) {
	t.Parallel()
	w := worldOn(t, storetest.Redis(t), control.Options{MaxQueued: 2})
	w.invoke("hi", "")
	w.invoke("hi", "")
	_, err := w.plane.Invoke(t.Context(), control.Call{Subject: w.who, Target: control.Target{Action: action("hi")}})
	w.kind(err, core.KindUnavailable)
	if c := w.counts(); c.Accepted != 2 {
		t.Errorf("got %+v, want 2 accepted", c)
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	queued, running := w.invoke("hi", ""), w.invoke("hi", "")
	a := w.start(running)
	for _, id := range []core.ActivationID{queued, running} {
		if err := w.plane.Cancel(ctx, w.who, id); err != nil {
			t.Fatal(err)
		}
	}
	w.kind(w.plane.Cancel(ctx, w.who, queued), core.KindConflict)
	w.kind(w.plane.Cancel(ctx, w.who, core.NewActivationID()), core.KindNotFound)
	got, err := w.plane.Activation(ctx, w.who, queued)
	if err != nil || got.Outcome.Reason != core.ReasonCancelled || got.Kind != core.KindUnknown {
		t.Errorf("got %+v, %v", got, err)
	}
	beat := store.Worker{ID: "w1", Boot: "boot", Beat: 1}
	orders, err := w.db.Heartbeat(ctx, beat)
	if err != nil || len(orders.Cancel) != 1 || orders.Cancel[0] != a.Ref {
		t.Errorf("got %v, %v, want %v to be killed", orders, err, a.Ref)
	}
	if orders, err := w.db.Heartbeat(ctx, beat); err != nil || len(orders.Cancel) != 0 {
		t.Errorf("got %v, %v, want it once", orders, err)
	}
}

func TestUnstoredActivationsLeaveNoRecord(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	no := false
	w.who.Namespace.Quota.StoreActivations = &no
	id := w.invoke("hi", "")
	a := w.start(id)
	if err := w.plane.Finish(t.Context(), a, success(`{}`)); err != nil {
		t.Fatal(err)
	}
	if err := w.plane.AddLogs(t.Context(), a, []string{"x"}); err != nil {
		t.Fatal(err)
	}
	_, err := w.plane.Activation(t.Context(), w.who, id)
	w.kind(err, core.KindNotFound)
	if n, err := w.plane.CountActivations(t.Context(), w.who, control.ActivationQuery{}); n != 0 || err != nil {
		t.Errorf("got %d, %v on the list, want none", n, err)
	}
	if c := w.counts(); c.Drift() != 0 || c.Done != 1 {
		t.Errorf("got %+v", c)
	}
}

func TestExpiredBacklogIsNotRun(t *testing.T) {
	t.Parallel()
	w := worldOn(t, storetest.Redis(t), control.Options{MaxAge: time.Millisecond})
	id := w.invoke("hi", "")
	time.Sleep(20 * time.Millisecond) // older than it may be
	_, err := w.plane.Start(t.Context(), w.ref(id), worker)
	w.kind(err, core.KindConflict)
	got, err := w.plane.Activation(t.Context(), w.who, id)
	if err != nil || got.Outcome.Reason != core.ReasonExpired || got.Outcome.Status != core.StatusInternalError {
		t.Errorf("got %+v, %v", got, err)
	}
}
