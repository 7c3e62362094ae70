package cron_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
)

// deployment is that of a function that says so of itself.
func deployment(annotations map[string]string) control.Deployment {
	return control.Deployment{
		Image: "image:1", Limits: core.Limits{Timeout: time.Second, Memory: 6, Logs: 10, Concurrency: 1},
		Function: core.Function{Namespace: "openfaas-fn", Annotations: annotations},
	}
}

// cronOf is the expression that is scheduled, "" for none.
func (w world) cronOf(local string) string {
	w.t.Helper()
	if !w.scheduled(local) {
		return ""
	}
	s, err := w.db.Schedule(w.t.Context(), name(local))
	w.must(err)
	var doc struct {
		Settings struct{ Cron string }
	}
	w.must(json.Unmarshal([]byte(s.Doc), &doc))
	return doc.Settings.Cron
}

func TestTheScheduleOfAFunctionFollowsItsDeployment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.plane.CreateFunction(t.Context(), w.who, name("f"), deployment(map[string]string{"topic": "cron-function", "schedule": "0 0 1 1 *"}))
	w.must(err)
	if got := w.cronOf("f"); got != "0 0 1 1 *" {
		t.Errorf("deployed: scheduled %q", got)
	}
	for _, step := range []struct {
		name        string
		annotations map[string]string
		want        string
	}{
		{"several", map[string]string{"topic": "orders, cron-function", "schedule": "0 0 1 1 *; @every 10h;"}, "0 0 1 1 *; @every 10h;"},
		{"no schedule", map[string]string{"topic": "cron-function"}, ""},
		{"one again", map[string]string{"topic": "cron-function", "schedule": "@hourly"}, "@hourly"},
		{"one that makes no sense", map[string]string{"topic": "cron-function", "schedule": "0 0 1 1 *; often"}, ""},
		{"another topic", map[string]string{"topic": "orders", "schedule": "@hourly"}, ""},
		{"the first again", map[string]string{"topic": "cron-function", "schedule": "0 0 1 1 *"}, "0 0 1 1 *"},
	} {
		_, err := w.plane.UpdateFunction(t.Context(), w.who, name("f"), deployment(step.annotations))
		w.must(err)
		if got := w.cronOf("f"); got != step.want {
			t.Errorf("%s: scheduled %q, want %q", step.name, got, step.want)
		}
	}
	w.must(w.plane.DeleteFunction(t.Context(), w.who, name("f")))
	if w.scheduled("f") {
		t.Error("a deleted function has a schedule")
	}
}

func TestManySchedulersCallAFunctionOnceForEachTick(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.plane.CreateFunction(t.Context(), w.who, name("f"), deployment(map[string]string{"topic": "cron-function", "schedule": "0 0 1 1 *;30 0 1 1 *"}))
	w.must(err)
	_, err = w.plane.CreateFunction(t.Context(), w.who, name("lost"), deployment(map[string]string{"topic": "cron-function", "schedule": "@hourly"}))
	w.must(err)
	// A server that died after it deleted the function has left the schedule.
	lost, err := w.db.Action(t.Context(), name("lost"), false)
	w.must(err)
	w.must(w.db.DeleteAction(t.Context(), name("lost"), lost.Revision))
	before := w.tick("f", time.Now().Add(-time.Second))
	w.tick("lost", time.Now().Add(-time.Second))
	for range 3 {
		w.start()
	}
	w.eventually("the schedule stands still", func() bool {
		s, err := w.db.Schedule(t.Context(), name("f"))
		return err == nil && s.Doc != before
	})
	w.eventually("the schedule of nothing stays", func() bool { return !w.scheduled("lost") })
	events := w.events()
	if len(events) != 1 || !events[0].Function || events[0].Trigger != name("f") {
		t.Fatalf("events %+v, want one of the function", events)
	}
	var headers map[string]string
	w.must(json.Unmarshal(events[0].Headers, &headers))
	want := map[string]string{"X-Topic": "cron-function", "X-Connector": "cron-connector", "Content-Type": "text/plain"}
	if diff := cmp.Diff(want, headers); diff != "" {
		t.Error(diff)
	}
}

// tick lets a schedule be due since then, and returns what is kept of it.
func (w world) tick(local string, tick time.Time) string {
	w.t.Helper()
	w.since(local, tick, "")
	s, err := w.db.Schedule(w.t.Context(), name(local))
	w.must(err)
	return s.Doc
}
