package triggers_test

import (
	"testing"
	"time"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
	"github.com/hearth-faas/hearth/store/storetest"
	"github.com/hearth-faas/hearth/triggers"
)

func TestAnEventOfAFunctionCallsItOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.Redis(t))
	_, err := w.plane.CreateFunction(t.Context(), w.who, name("f"), control.Deployment{
		Image: "image:1", Limits: core.Limits{Timeout: time.Second, Memory: 6, Logs: 10, Concurrency: 1},
		Function: core.Function{Namespace: "openfaas-fn"},
	})
	w.must(err)
	e := store.Event{Trigger: name("f"), Function: true, ID: triggers.EventID("test", "f"), Headers: core.JSON(`{"x-topic":"cron-function"}`), Source: "test"}
	gone := e
	gone.Trigger, gone.ID = name("gone"), triggers.EventID("test", "gone")
	w.append(e, e, gone)
	w.start("d1", triggers.Options{Retry: time.Second})
	w.start("d2", triggers.Options{Retry: time.Second})
	w.drained()
	c, err := w.plane.Counts(t.Context(), "guest")
	w.must(err)
	if c.Queued != 1 || c.Done != 0 || c.Drift() != 0 {
		t.Errorf("got %+v, want one call that waits", c)
	}
	rec, err := w.db.Activation(t.Context(), core.Ref{Namespace: "guest", ID: e.ID})
	w.must(err)
	r, err := core.DecodeRequest(rec.Input)
	w.must(err)
	if rec.Action != name("f") || r.URI != "/" || r.Header.Get("X-Topic") != "cron-function" || len(r.Body) != 0 {
		t.Errorf("%s was sent %+v", rec.Action.Full(), r)
	}
}

// An action that is no function is not called by an event of a function that
// had its name.
func TestAnEventOfAFunctionThatIsNoneAnyMore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.Redis(t))
	w.append(store.Event{Trigger: name("act"), Function: true, ID: triggers.EventID("test", "f"), Headers: core.JSON(`{}`)})
	w.start("d", triggers.Options{})
	w.drained()
	w.fired(0)
}
