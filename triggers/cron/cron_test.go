package cron_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/queue"
	"github.com/hearth-faas/hearth/store"
	"github.com/hearth-faas/hearth/store/storetest"
	"github.com/hearth-faas/hearth/triggers"
	"github.com/hearth-faas/hearth/triggers/cron"
)

// patience bounds every wait.
const patience = time.Minute

type world struct {
	t     *testing.T
	db    *store.DB
	plane *control.Plane
	who   core.Subject
}

func newWorld(t *testing.T) world {
	t.Helper()
	rdb := storetest.Redis(t)
	w := world{t: t, db: store.New(rdb)}
	w.plane = control.New(w.db, queue.NewClient(rdb), slog.New(slog.DiscardHandler), control.Options{
		Server: "s", Sources: []control.TriggerSource{cron.NewSource(w.db)}, Deployed: cron.NewSource(w.db).Deployed,
	})
	_, err := w.db.CreateNamespace(t.Context(), "guest")
	w.must(err)
	w.who, err = w.plane.Owner(t.Context(), "guest")
	w.must(err)
	w.must(w.db.OpenEvents(t.Context()))
	return w
}

func name(local string) core.Name { return core.ParseLocal("guest", local) }

func (w world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// put makes a trigger with a schedule.
func (w world) put(local, annotation string) error {
	list := core.Params{{Key: cron.Annotation, Value: core.JSON(annotation)}}
	_, err := w.plane.PutTrigger(w.t.Context(), w.who, name(local), control.TriggerPatch{Annotations: &list}, true)
	return err
}

// since lets a schedule have waited for its tick since then, as if nothing had
// run; last is the id of the event before.
func (w world) since(local string, tick time.Time, last core.ActivationID) {
	w.t.Helper()
	s, err := w.db.Schedule(w.t.Context(), name(local))
	w.must(err)
	var doc map[string]any
	w.must(json.Unmarshal([]byte(s.Doc), &doc))
	doc["tick"], doc["last"] = tick.Unix(), last
	text, err := json.Marshal(doc)
	w.must(err)
	s.Doc, s.Due = string(text), tick
	w.must(w.db.PutSchedule(w.t.Context(), s))
}

// putSchedule writes the schedule that the trigger's annotation asks for, whose
// next tick is the one given, also when it is over by now.
func (w world) putSchedule(local string, tick time.Time) {
	w.t.Helper()
	trigger, err := w.db.Trigger(w.t.Context(), name(local))
	w.must(err)
	annotation, _ := trigger.Annotations.Get(cron.Annotation)
	settings, err := cron.ParseSettings(annotation)
	w.must(err)
	doc, err := json.Marshal(map[string]any{"settings": settings, "anchor": tick.Unix(), "tick": tick.Unix()})
	w.must(err)
	w.must(w.db.PutSchedule(w.t.Context(), store.Schedule{Trigger: name(local), Doc: string(doc), Due: tick}))
}

// start runs a scheduler until the test ends.
func (w world) start() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- cron.New(w.plane, w.db, slog.New(slog.DiscardHandler)).Run(ctx) }()
	w.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Errorf("run: %v", err)
		}
	})
}

func (w world) eventually(otherwise string, is func() bool) {
	w.t.Helper()
	for end := time.Now().Add(patience); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			w.t.Fatal(otherwise)
		}
	}
}

func (w world) scheduled(local string) bool {
	w.t.Helper()
	_, err := w.db.Schedule(w.t.Context(), name(local))
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		w.t.Fatal(err)
	}
	return err == nil
}

// events takes all events that wait.
func (w world) events() []store.Delivery {
	w.t.Helper()
	var all []store.Delivery
	for shard := range store.EventShards {
		list, err := w.db.NextEvents(w.t.Context(), shard, "test", 10_000, time.Millisecond)
		w.must(err)
		all = append(all, list...)
	}
	return all
}

func TestManySchedulersFireEachTickOnce(t *testing.T) {
	t.Parallel()
	const many, before, after = 40, 23, 5
	w := newWorld(t)
	now, err := w.db.Now(t.Context())
	w.must(err)
	first, stop := now.Truncate(time.Second).Add(-before*time.Second), now.Truncate(time.Second).Add(after*time.Second)
	var locals []string
	for i := range many {
		local := fmt.Sprint("t", i)
		locals = append(locals, local)
		w.must(w.put(local, fmt.Sprintf(`{"cron":"* * * * * *","misfire":"all","stop":%q,"payload":{"i":%d}}`,
			stop.UTC().Format(time.RFC3339), i)))
		w.putSchedule(local, first)
	}
	for range 5 {
		w.start()
	}
	for _, local := range locals {
		w.eventually(local+" does not end", func() bool { return !w.scheduled(local) })
	}
	ids, of := map[core.ActivationID]bool{}, map[string]int{}
	for _, e := range w.events() {
		if ids[e.ID] {
			t.Errorf("the event %s was written twice", e.ID)
		}
		ids[e.ID] = true
		of[e.Trigger.Name+string(e.Payload)]++
	}
	for i, local := range locals {
		if got, want := of[fmt.Sprintf(`%s{"i":%d}`, local, i)], before+after+1; got != want {
			t.Errorf("%s has %d events, want %d", local, got, want)
		}
	}
}

func TestATriggerChangesUnderItsSchedule(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must(w.put("gone", `"* * * * * *"`))
	w.must(w.put("lost", `"* * * * * *"`))
	w.must(w.put("stays", `"0 0 1 1 *"`))
	before, err := w.db.Schedule(t.Context(), name("stays"))
	w.must(err)
	w.must(w.put("stays", `{"cron":"0 0 1 1 *"}`))
	if after, err := w.db.Schedule(t.Context(), name("stays")); err != nil || after != before {
		t.Errorf("got %+v, %v, want the schedule as it was: %+v", after, err, before)
	}
	_, err = w.plane.DeleteTrigger(t.Context(), w.who, name("gone"))
	w.must(err)
	if w.scheduled("gone") {
		t.Error("a deleted trigger has a schedule")
	}
	// A server that died after it deleted the trigger has left the schedule.
	lost, err := w.db.Trigger(t.Context(), name("lost"))
	w.must(err)
	w.must(w.db.DeleteTrigger(t.Context(), name("lost"), lost.Revision))
	// One that died after it wrote the trigger has left the schedule of before.
	stays, err := w.db.Trigger(t.Context(), name("stays"))
	w.must(err)
	stays.Annotations = core.Params{{Key: cron.Annotation, Value: core.JSON(`"0 0 2 2 *"`)}}
	w.must(w.db.PutTrigger(t.Context(), stays, stays.Revision))
	w.since("stays", time.Now().Add(-time.Second), "")
	w.start()
	w.eventually("the lost schedule is still there", func() bool { return !w.scheduled("lost") })
	w.eventually("the schedule is not that of the trigger", func() bool {
		s, err := w.db.Schedule(t.Context(), name("stays"))
		w.must(err)
		return contains(s.Doc, "0 0 2 2 *")
	})
	if got := w.events(); len(got) != 0 {
		t.Errorf("got events %+v", got)
	}
	w.must(w.put("stays", `{"cron":"0 0 2 2 *","paused":true}`))
	if w.scheduled("stays") {
		t.Error("a paused trigger has a schedule")
	}
}

func contains(doc, text string) bool {
	var f struct {
		Settings cron.Settings `json:"settings"`
	}
	return json.Unmarshal([]byte(doc), &f) == nil && f.Settings.Cron == text
}

func TestSettingsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for annotation, want := range map[string]string{
		`"x"`:                              "cron pattern 'x' is not valid",
		`{"cron":"* * * *"}`:               "cron pattern '* * * *' is not valid",
		`{"cron":"@daily","tz":"Moon"}`:    "Invalid timezone.",
		`{"cron":"@daily","misfire":"x"}`:  "misfire 'x' is none of one, skip, all",
		`{"cron":"@daily","overlap":"x"}`:  "overlap 'x' is none of allow, skip",
		`{"cron":"@daily","jitter":"-1s"}`: "jitter '-1s' is not a valid duration",
		`{"cron":"@daily","start":"now"}`:  "start 'now' is not a valid time",
		`{"cron":"@daily","zone":"UTC"}`:   `The annotation 'cron' is not valid: unknown field "zone".`,
		`{"cron":"@daily","payload":[1]}`:  "The payload of a schedule must be an object.",
		`{"cron":"@daily","start":"2026-01-02T00:00:00Z","stop":"2026-01-01T00:00:00Z"}`: "stop '2026-01-01T00:00:00Z' must be greater than start '2026-01-02T00:00:00Z'",
	} {
		err := w.put("t", annotation)
		if core.KindOf(err) != core.KindInvalid || err.Error() != want {
			t.Errorf("%s: got %v, want %s", annotation, err, want)
		}
	}
	if _, err := w.db.Trigger(t.Context(), name("t")); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("got %v, want no trigger", err)
	}
}

func TestOverlappingTicksAreSkipped(t *testing.T) {
	t.Parallel()
	running, ended := triggers.EventID("running"), triggers.EventID("ended")
	tests := map[string]struct {
		overlap string
		last    core.ActivationID
		want    int
		after   core.ActivationID
	}{
		"while the one before runs":                 {"skip", running, 0, ""},
		"when the one before has ended":             {"skip", ended, 1, ended},
		"when there is none before":                 {"skip", "", 1, ""},
		"while the one before runs, if that may be": {"allow", running, 1, ""},
	}
	for when, test := range tests {
		t.Run(when, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			exec := core.Exec{Kind: "nodejs:24", Code: []byte("x")}
			_, err := w.plane.PutAction(t.Context(), w.who, name("act"), control.ActionPatch{Exec: &exec}, true)
			w.must(err)
			w.must(w.put("t", fmt.Sprintf(`{"cron":"0 0 1 1 *","overlap":%q}`, test.overlap)))
			from, to := name("t"), name("act")
			_, err = w.plane.PutRule(t.Context(), w.who, name("r"), control.RulePatch{Trigger: &from, Action: &to}, false)
			w.must(err)
			_, err = w.plane.Fire(t.Context(), w.who, control.Firing{Trigger: name("t"), ID: running})
			w.must(err)
			w.since("t", time.Now().Add(-time.Second), test.last)
			before, err := w.db.Schedule(t.Context(), name("t"))
			w.must(err)
			w.start()
			w.eventually("the schedule stands still", func() bool {
				s, err := w.db.Schedule(t.Context(), name("t"))
				w.must(err)
				return s.Doc != before.Doc
			})
			got := w.events()
			if len(got) != test.want || len(got) > 0 && got[0].After != test.after {
				t.Errorf("got events %+v, want %d after %q", got, test.want, test.after)
			}
		})
	}
}

// What a trigger calls is announced before it ticks, once for each tick.
func TestATickIsAnnounced(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.plane.PutAction(t.Context(), w.who, name("a"), control.ActionPatch{Exec: &core.Exec{Kind: "nodejs:24", Code: []byte("x")}}, false)
	w.must(err)
	for local, annotation := range map[string]string{"soon": `"@every 10s"`, "later": `"@every 10h"`} {
		w.must(w.put(local, annotation))
		trigger, action := name(local), name("a")
		_, err := w.plane.PutRule(t.Context(), w.who, name("rule-"+local), control.RulePatch{Trigger: &trigger, Action: &action}, false)
		w.must(err)
	}
	w.start()
	w.eventually("the action is not expected to be called", func() bool {
		calls, err := w.db.Expected(t.Context(), time.Now())
		w.must(err)
		return len(calls) == 1 && calls[0] == store.Expectation{Namespace: "guest", Action: name("a")}
	})
}
