package store_test

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
	"github.com/hearth-faas/hearth/store/storetest"
)

// queued is an activation with every field that is kept.
func queued(local string) *core.Activation {
	instances := 3
	return &core.Activation{
		Ref:    core.Ref{Namespace: "guest", ID: core.NewActivationID()},
		Action: name(local), Version: core.FirstVersion, Revision: "rev", Kind: "nodejs:24",
		Limits:  core.Limits{Timeout: time.Minute, Memory: 256, Logs: 10, Concurrency: 1, Instances: &instances},
		Subject: "subject", KeyUUID: "uuid", Binding: core.Name{Namespace: "guest", Name: "bound"},
		Cause: core.Cause{Parent: "00000000000000000000000000000001", Step: 2}, TransactionID: "tid",
		Input: core.JSON(`{"a":1}`), Env: core.Params{{Key: "K", Value: core.JSON(`"v"`), Init: true}}, APIKey: "uuid:key",
		Wait: "api1", Conductor: true, Topmost: true, MaxAge: time.Hour, Retry: core.Retry{Attempts: 2, Backoff: time.Second, Codes: []int{2}}, Queue: "default", State: core.StateQueued,
	}
}

func outcome(start time.Time) core.Outcome {
	start = start.UTC().Truncate(time.Microsecond)
	return core.Outcome{
		Status: core.StatusApplicationError, Reason: core.ReasonPlatform, Result: core.JSON(`{"error":"no"}`), Size: 14,
		Start: start, End: start.Add(3 * time.Second), InitTime: time.Second, WaitTime: 2 * time.Second,
		Duration: 3 * time.Second, TimedOut: true, Logs: []string{"line"},
	}
}

func create(t *testing.T, db *store.DB, list ...*core.Activation) {
	t.Helper()
	for _, a := range list {
		must(t, db.Create(t.Context(), []store.Creation{{Activation: a}}))
	}
}

func claim(t *testing.T, db *store.DB, a *core.Activation) *core.Activation {
	t.Helper()
	r, expired, err := db.Claim(t.Context(), a.Ref, "w.boot", rand.Text())
	must(t, err)
	if expired {
		t.Fatal("it has expired")
	}
	return &r.Activation
}

func TestAnActivationIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	db, _ := setup(t)
	a := queued("pk/hi")
	create(t, db, a)
	create(t, db, a) // once more changes nothing
	r, err := db.Activation(t.Context(), a.Ref)
	must(t, err)
	a.Accepted = r.Accepted
	if d := cmp.Diff(r.Activation, *a); d != "" || r.Accepted.IsZero() {
		t.Errorf("got, want:\n%s", d)
	}
	running := claim(t, db, a)
	out := outcome(time.Now())
	parent, err := db.Finish(t.Context(), running, out, store.Retention{})
	must(t, err)
	if parent != a.Cause.Parent {
		t.Errorf("got parent %q", parent)
	}
	r, err = db.Activation(t.Context(), a.Ref)
	must(t, err)
	if d := cmp.Diff(r.Outcome, out); d != "" || !r.Visible {
		t.Errorf("got, want:\n%s", d)
	}
	c, err := db.Counts(t.Context(), "guest")
	must(t, err)
	if c != (store.Counts{Accepted: 1, Done: 1}) {
		t.Errorf("got %+v", c)
	}
}

// TestStoredActivationsAreThoseOfTheReleases pins what is in people's
// databases; see TestStoredFormsAreThoseOfTheReleases.
func TestStoredActivationsAreThoseOfTheReleases(t *testing.T) {
	t.Parallel()
	db, rdb := setup(t)
	a := queued("pk/hi")
	create(t, db, a)
	key := "hearth:{guest}:act:" + string(a.ID)
	times := []string{"acc", "sta", "dl"}
	fields := rdb.HGetAll(t.Context(), key).Val()
	pin(t, "activation-queued", fields, times)
	running := claim(t, db, a)
	_, err := db.Finish(t.Context(), running, outcome(time.UnixMilli(1_700_000_000_000)), store.Retention{Age: 90 * 365 * 24 * time.Hour})
	must(t, err)
	pin(t, "activation-done", rdb.HGetAll(t.Context(), key).Val(), times)
}

func TestTheFormOfAFiredTrigger(t *testing.T) {
	t.Parallel()
	db, rdb := setup(t)
	fired := &core.Activation{Ref: core.Ref{Namespace: "guest", ID: core.NewActivationID()}, Action: name("tick")}
	fired.Outcome = core.Outcome{
		Start: time.UnixMilli(1_700_000_000_000).UTC(), Result: core.JSON("{}"), Size: 2, Logs: []string{},
		Rules: []core.RuleResult{
			{Rule: name("ran"), Action: name("a"), Activation: "00000000000000000000000000000001"},
			{Rule: name("off"), Action: name("a"), Inactive: true},
			{Rule: name("refused"), Action: name("a"), Refusal: core.Errorf(core.KindThrottled, "too many")},
			{Rule: name("broken"), Action: name("a"), Refusal: &core.Error{Kind: core.KindInternal}},
		},
	}
	must(t, db.Keep(t.Context(), fired, store.Retention{Age: 90 * 365 * 24 * time.Hour}))
	got, err := db.Activation(t.Context(), fired.Ref)
	must(t, err)
	if diff := cmp.Diff(fired.Outcome, got.Outcome); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	fields := rdb.HGetAll(t.Context(), "hearth:{guest}:act:"+string(fired.ID)).Val()
	pin(t, "activation-fired", fields, []string{"acc"})
}

func pin(t *testing.T, file string, fields map[string]string, without []string) {
	t.Helper()
	for _, f := range without {
		delete(fields, f)
	}
	golden(t, file, fields)
}

func TestListsOfActivations(t *testing.T) {
	t.Parallel()
	db, _ := setup(t)
	ctx := t.Context()
	base := time.UnixMilli(time.Now().UnixMilli()).Add(-time.Hour)
	for i := range 25 {
		a := queued([]string{"one", "pk/one"}[i%2])
		a.Binding, a.Outcome = core.Name{}, outcome(base.Add(time.Duration(i)*time.Second))
		must(t, db.Keep(ctx, a, store.Retention{}))
		must(t, db.Keep(ctx, a, store.Retention{})) // repeating changes nothing
	}
	for title, c := range map[string]struct {
		sel         store.Selection
		first, size int
		count       int
	}{
		"newest first":      {store.Selection{Limit: 10}, 24, 10, 25},
		"a later page":      {store.Selection{Skip: 20, Limit: 10}, 4, 5, 25},
		"by name":           {store.Selection{Name: "one", Limit: 200}, 24, 13, 13},
		"by packaged name":  {store.Selection{Name: "pk/one", Limit: 200}, 23, 12, 12},
		"by unknown name":   {store.Selection{Name: "x", Limit: 200}, -1, 0, 0},
		"since, inclusive":  {store.Selection{Since: base.Add(20 * time.Second), Limit: 200}, 24, 5, 5},
		"upto, inclusive":   {store.Selection{Upto: base.Add(4 * time.Second), Limit: 200}, 4, 5, 5},
		"a moment, by name": {store.Selection{Name: "one", Since: base, Upto: base, Limit: 200}, 0, 1, 1},
	} {
		list, bad, err := db.Activations(ctx, "guest", c.sel)
		must(t, err)
		n, err := db.CountActivations(ctx, "guest", c.sel)
		must(t, err)
		if len(list) != c.size || n != c.count || bad != 0 {
			t.Errorf("%s: got %d records and count %d, want %d and %d", title, len(list), n, c.size, c.count)
			continue
		}
		if c.size > 0 && !list[0].Outcome.Start.Equal(base.Add(time.Duration(c.first)*time.Second)) {
			t.Errorf("%s: got first %v", title, list[0].Outcome.Start.Sub(base))
		}
		if c.size > 0 && (list[0].Outcome.Result != nil || list[0].Input != nil) {
			t.Errorf("%s: got the result without having asked", title)
		}
	}
	list, _, err := db.Activations(ctx, "guest", store.Selection{Limit: 1, Docs: true})
	must(t, err)
	if string(list[0].Outcome.Result) != `{"error":"no"}` || len(list[0].Outcome.Logs) != 1 {
		t.Errorf("got %+v, want result and logs", list[0].Outcome)
	}
}

func TestOldRecordsGo(t *testing.T) {
	t.Parallel()
	db, rdb := setup(t)
	ctx := t.Context()
	var last *core.Activation
	for i := range 30 {
		last = queued(fmt.Sprint("a", i%2))
		last.Outcome = outcome(time.Now().Add(time.Duration(i) * time.Millisecond))
		must(t, db.Keep(ctx, last, store.Retention{Records: 10}))
	}
	for _, sel := range []store.Selection{{}, {Name: "a0"}, {Name: "a1"}} {
		n, err := db.CountActivations(ctx, "guest", sel)
		must(t, err)
		if want := map[bool]int{true: 10, false: 5}[sel.Name == ""]; n != want {
			t.Errorf("name %q: got %d, want %d", sel.Name, n, want)
		}
	}
	if keys := rdb.Keys(ctx, "hearth:{guest}:act:*").Val(); len(keys) != 10 {
		t.Errorf("got %d records, want 10", len(keys))
	}
	if ttl := rdb.TTL(ctx, "hearth:{guest}:act:"+string(last.ID)).Val(); ttl < 6*24*time.Hour {
		t.Errorf("got a life of %v, want a week", ttl)
	}
	next := queued("a0")
	next.Outcome = outcome(time.Now().Add(time.Hour)) // by then all others are too old
	time.Sleep(1100 * time.Millisecond)
	must(t, db.Keep(ctx, next, store.Retention{Age: time.Second}))
	n, err := db.CountActivations(ctx, "guest", store.Selection{})
	must(t, err)
	if n != 1 {
		t.Errorf("got %d on the list, want the newest", n)
	}
}

func TestAForgottenScriptDoesNotMatter(t *testing.T) {
	t.Parallel()
	rdb := storetest.Server(t).Client() // the script cache is the server's
	db := store.New(rdb)
	for range 2 {
		must(t, rdb.ScriptFlush(t.Context()).Err())
		create(t, db, queued("hi"))
	}
	c, err := db.Counts(t.Context(), "guest")
	must(t, err)
	if c != (store.Counts{Accepted: 2, Queued: 2}) {
		t.Errorf("got %+v", c)
	}
}

func TestRepliesCarryTheOutcome(t *testing.T) {
	t.Parallel()
	db, _ := setup(t)
	ctx := t.Context()
	at, err := db.LastReply(ctx, "api1")
	must(t, err)
	small, large := queued("hi"), queued("hi")
	create(t, db, small, large)
	out := outcome(time.Now())
	_, err = db.Finish(ctx, claim(t, db, small), out, store.Retention{})
	must(t, err)
	big := out
	big.Result = core.JSON(`"` + strings.Repeat("x", 100_000) + `"`)
	_, err = db.Finish(ctx, claim(t, db, large), big, store.Retention{})
	must(t, err)
	got, at, err := db.Replies(ctx, "api1", at, time.Minute)
	must(t, err)
	out.Logs = nil
	want := []store.Reply{{ID: small.ID, Outcome: &out}, {ID: large.ID}}
	if d := cmp.Diff(got, want); d != "" {
		t.Errorf("got, want:\n%s", d)
	}
	if got, _, err := db.Replies(ctx, "api1", at, time.Millisecond); err != nil || len(got) != 0 {
		t.Errorf("got %v, %v, want each once", got, err)
	}
}

// TestActivationsInMiniredis is TestScriptsRunInMiniredis for activations,
// with a clock that is set.
func TestActivationsInMiniredis(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	mini := miniredis.RunT(t)
	rdb := redis.NewClient(&redis.Options{Addr: mini.Addr()})
	t.Cleanup(func() { _ = rdb.Close() })
	db := store.New(rdb)
	start := time.Now().Truncate(time.Millisecond).UTC()
	mini.SetTime(start)
	a, b, c := queued("hi"), queued("hi"), queued("hi")
	create(t, db, a, b, c)
	mini.SetTime(start.Add(-24 * time.Hour)) // backwards: nothing has expired
	running := claim(t, db, a)
	must(t, db.SetSent(ctx, running, false))
	_, err := db.Requeue(ctx, running, "default", true)
	must(t, err)
	running = claim(t, db, a)
	if running.Attempt != 2 || running.Losses != 1 || !running.Accepted.Equal(start) {
		t.Errorf("got %+v", running)
	}
	out := outcome(start)
	out.Logs = nil
	_, err = db.Finish(ctx, running, out, store.Retention{})
	must(t, err)
	must(t, db.AddLogs(ctx, running, []string{"x"}, store.Retention{}))
	mini.SetTime(start.Add(2 * time.Hour))
	if _, expired, err := db.Claim(ctx, b.Ref, "w", rand.Text()); err != nil || !expired {
		t.Errorf("got %v, %v, want it expired", expired, err)
	}
	must(t, db.Withdraw(ctx, c.Ref))
	step := queued("step")
	parent := queued("seq")
	parent.State, parent.Cause = core.StateRunning, core.Cause{}
	must(t, db.Create(ctx, []store.Creation{{Activation: parent, Progress: core.JSON(`{}`)}}))
	must(t, db.Step(ctx, store.Step{
		Creation: store.Creation{Activation: step}, Parent: parent.ID, Progress: core.JSON(`{"n":1}`), Limit: time.Minute,
	}))
	r, err := db.Activation(ctx, parent.Ref)
	must(t, err)
	if r.Turn != 1 || string(r.Progress) != `{"n":1}` || r.State != core.StateRunning {
		t.Errorf("got %+v", r)
	}
	must(t, db.Settled(ctx, r, step.ID))
	if ok, err := db.Move(ctx, step, "other"); err != nil || !ok {
		t.Errorf("got %v, %v", ok, err)
	}
	counts, err := db.Counts(ctx, "guest")
	must(t, err)
	if counts != (store.Counts{Accepted: 4, Done: 1, Queued: 2, Running: 1}) {
		t.Errorf("got %+v", counts)
	}
	must(t, db.Forget(ctx, parent.Ref))
	if ok, err := db.Lease(ctx, "x", "me", time.Second); err != nil || !ok {
		t.Errorf("got %v, %v", ok, err)
	}
	w := store.Worker{ID: "w", Boot: "b", Beat: 7}
	_, err = db.Heartbeat(ctx, w)
	must(t, err)
	must(t, db.RemoveWorker(ctx, store.Worker{ID: "w", Boot: "b", Beat: 6}))
	if list, err := db.Workers(ctx); err != nil || len(list) != 1 {
		t.Errorf("got %v, %v, want the worker that has beaten since", list, err)
	}
	must(t, db.RemoveWorker(ctx, w))
	if list, err := db.Workers(ctx); err != nil || len(list) != 0 {
		t.Errorf("got %v, %v", list, err)
	}
}

// TestTheStateMachine drives one activation by random calls of several
// workers that know different attempts, and compares with the model.
func TestTheStateMachine(t *testing.T) {
	t.Parallel()
	db, _ := setup(t)
	ctx := t.Context()
	accepted, done := 0, 0
	rapid.Check(t, func(r *rapid.T) {
		a := queued("hi")
		must(t, db.Create(ctx, []store.Creation{{Activation: a}}))
		accepted++
		state, attempt := core.StateQueued, 0
		var result string
		known := []core.Activation{*a}
		check := func(what string, err error, allowed bool) {
			if (err == nil) != allowed || err != nil && core.KindOf(err) != core.KindConflict {
				r.Fatalf("%s in %s: got %v, allowed %v", what, state, err, allowed)
			}
		}
		holder := func(r *rapid.T) *core.Activation {
			h := known[rapid.IntRange(0, len(known)-1).Draw(r, "holder")]
			return &h
		}
		r.Repeat(map[string]func(*rapid.T){
			"claim": func(*rapid.T) {
				rec, _, err := db.Claim(ctx, a.Ref, "w", rand.Text())
				check("claim", err, state == core.StateQueued)
				if err == nil {
					state, attempt = core.StateRunning, attempt+1
					if rec.Attempt != attempt {
						r.Fatalf("got attempt %d, want %d", rec.Attempt, attempt)
					}
					known = append(known, rec.Activation)
				}
			},
			"requeue": func(r *rapid.T) {
				h := holder(r)
				_, err := db.Requeue(ctx, h, "default", true)
				allowed := state == core.StateRunning && h.Attempt == attempt
				check("requeue", err, allowed)
				if allowed {
					state = core.StateQueued
				}
			},
			"mark": func(r *rapid.T) {
				h := holder(r)
				check("mark", db.SetSent(ctx, h, rapid.Bool().Draw(r, "sent")), state == core.StateRunning && h.Attempt == attempt)
			},
			"finish": func(r *rapid.T) {
				h := holder(r)
				h.State = core.StateRunning
				out := outcome(time.UnixMilli(int64(h.Attempt)))
				out.Result = core.JSON(fmt.Sprint(h.Attempt))
				_, err := db.Finish(ctx, h, out, store.Retention{})
				first := state == core.StateRunning && h.Attempt == attempt
				check("finish", err, first || state == core.StateDone && result == fmt.Sprint(h.Attempt))
				if first {
					state, result = core.StateDone, fmt.Sprint(attempt)
					done++
				}
			},
			"": func(r *rapid.T) {
				rec, err := db.Activation(ctx, a.Ref)
				must(t, err)
				if rec.State != state || rec.Attempt != attempt || string(rec.Outcome.Result) != result {
					r.Fatalf("got %s, attempt %d, result %s; want %s, %d, %s",
						rec.State, rec.Attempt, rec.Outcome.Result, state, attempt, result)
				}
				c, err := db.Counts(ctx, "guest")
				must(t, err)
				if c.Drift() != 0 || c.Accepted != accepted || c.Done != done {
					r.Fatalf("got %+v, want %d accepted and %d done", c, accepted, done)
				}
			},
		})
	})
}

func TestUnknownFieldsAreIgnored(t *testing.T) {
	t.Parallel()
	db, rdb := setup(t)
	a := queued("hi")
	create(t, db, a)
	key := "hearth:{guest}:act:" + string(a.ID)
	var doc map[string]any
	must(t, json.Unmarshal([]byte(rdb.HGet(t.Context(), key, "doc").Val()), &doc))
	doc["from a later release"] = []int{1}
	delete(doc, "version")
	text, err := json.Marshal(doc)
	must(t, err)
	must(t, rdb.HSet(t.Context(), key, "doc", text, "later", "x", "acc", "not a number").Err())
	r, err := db.Activation(t.Context(), a.Ref)
	must(t, err)
	if r.Action != a.Action || !r.Accepted.IsZero() {
		t.Errorf("got %+v", r)
	}
}

func TestAnUnreadableRecordIsCorrupt(t *testing.T) {
	t.Parallel()
	db, rdb := setup(t)
	a := queued("hi")
	create(t, db, a)
	must(t, rdb.HSet(t.Context(), "hearth:{guest}:act:"+string(a.ID), "doc", "{").Err())
	_, err := db.Activation(t.Context(), a.Ref)
	wantErr(t, err, store.ErrCorrupt)
}
