package control_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
)

func TestWhereabouts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := newRecon(w)
	is := func(id core.ActivationID, state core.State, behind int, waiting string) {
		t.Helper()
		got, err := w.plane.Whereabouts(t.Context(), w.who, id)
		if err != nil || got.State != state || got.Behind != behind || !strings.Contains(got.Waiting, waiting) || (waiting == "") != (got.Waiting == "") {
			t.Errorf("got %+v, %v, want %s behind %d: %q", got, err, state, behind, waiting)
		}
	}
	is(w.delayed(time.Hour, action("hi")), core.StateQueued, 0, "delayed until")
	alone := newWorld(t)
	lonely, err := alone.plane.Whereabouts(t.Context(), alone.who, alone.invoke("hi", ""))
	if err != nil || lonely.Waiting != "No worker is there." {
		t.Errorf("got %+v, %v", lonely, err)
	}
	r.heartbeat("w1", "boot")
	known := worldOn(t, w.rdb, control.Options{}) // has not looked for workers before
	w.plane = known.plane
	first, second, third := w.invoke("hi", ""), w.invoke("hi", ""), w.invoke("hi", "")
	is(first, core.StateQueued, 0, "behind 0")
	is(second, core.StateQueued, 1, "behind 1")
	is(third, core.StateQueued, 2, "behind 2")
	a := w.start(first)
	is(first, core.StateRunning, 0, "")
	if err := w.plane.NotSent(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	is(first, core.StateRunning, 0, "waits for a container")
	for word, says := range map[string]string{
		"start": "being started", "memory": "waits for memory", "instances": "its limit", "others": "in use",
	} {
		if err := w.db.SetWaiting(t.Context(), a, word); err != nil {
			t.Fatal(err)
		}
		is(first, core.StateRunning, 0, says)
	}
	late := *a
	late.Attempt++
	if err := w.db.SetWaiting(t.Context(), &late, "start"); err != nil { // of an attempt that is not the present one
		t.Fatal(err)
	}
	if err := w.plane.Sent(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	if err := w.plane.Finish(t.Context(), a, success(`{}`)); err != nil {
		t.Fatal(err)
	}
	is(first, core.StateDone, 0, "")
	_, err = w.plane.Whereabouts(t.Context(), w.who, core.NewActivationID())
	w.kind(err, core.KindNotFound)
}
