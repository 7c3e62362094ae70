package control_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

// follow tails the activation in the background; events that say nothing are
// dropped.
func (w world) follow(id core.ActivationID, from control.LogPosition) (<-chan control.LogEvent, <-chan error) {
	events, done := make(chan control.LogEvent, 100), make(chan error, 1)
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	w.t.Cleanup(cancel)
	go func() {
		done <- w.plane.Tail(ctx, w.who, id, from, func(e control.LogEvent) error {
			if e.End != nil || len(e.Lines) > 0 {
				events <- e
			}
			return nil
		})
	}()
	return events, done
}

// watch beats as the worker until that is asked to watch an activation.
func (w world) watch(want core.Ref) {
	w.t.Helper()
	me := store.Worker{ID: "w1", Boot: "boot"}
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		orders, err := w.db.Heartbeat(w.t.Context(), me)
		if err != nil {
			w.t.Fatal(err)
		}
		if len(orders.Watch) > 0 {
			if orders.Watch[0] != want {
				w.t.Errorf("asked to watch %v, want %v", orders.Watch, want)
			}
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatal("nobody asked to watch")
		}
	}
}

func (w world) tail(id core.ActivationID, attempt, first int, lines ...string) {
	w.t.Helper()
	if err := w.db.AppendTails(w.t.Context(), []store.TailChunk{{Ref: w.ref(id), Attempt: attempt, First: first, Lines: lines}}); err != nil {
		w.t.Fatal(err)
	}
}

func (w world) next(events <-chan control.LogEvent, want control.LogEvent) {
	w.t.Helper()
	select {
	case got := <-events:
		if diff := cmp.Diff(want, got); diff != "" {
			w.t.Errorf("event (-want +got):\n%s", diff)
		}
	case <-time.After(patience):
		w.t.Fatalf("no event, want %+v", want)
	}
}

func TestLogsAreFollowedFromTheQueueToTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.invoke("hi", "")
	events, done := w.follow(id, control.LogPosition{})
	a := w.start(id)
	w.watch(a.Ref)
	at := func(line int) control.LogPosition { return control.LogPosition{Attempt: 1, Line: line} }
	w.tail(id, 1, 0, "a", "b")
	w.next(events, control.LogEvent{At: at(0), Lines: []string{"a", "b"}})
	w.tail(id, 1, 0, "a", "b", "c") // the worker started over
	w.next(events, control.LogEvent{At: at(2), Lines: []string{"c"}})
	out := success(`{}`)
	out.Logs = []string{"a", "b", "c", "d"}
	if err := w.plane.Finish(t.Context(), a, out); err != nil {
		t.Fatal(err)
	}
	w.next(events, control.LogEvent{At: at(3), Lines: []string{"d"}})
	w.next(events, control.LogEvent{At: at(4), End: new(core.StatusSuccess)})
	if err := <-done; err != nil {
		t.Errorf("follow: %v", err)
	}
	again, _ := w.follow(id, at(3))
	w.next(again, control.LogEvent{At: at(3), Lines: []string{"d"}})
	w.next(again, control.LogEvent{At: at(4), End: new(core.StatusSuccess)})
}

func TestFollowersStartOverWithANewAttempt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.invoke("hi", "")
	a := w.start(id)
	events, _ := w.follow(id, control.LogPosition{})
	w.tail(id, 1, 0, "a")
	w.next(events, control.LogEvent{At: control.LogPosition{Attempt: 1}, Lines: []string{"a"}})
	if err := w.plane.NotSent(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	if err := w.plane.Requeue(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	w.start(id)
	w.tail(id, 2, 0, "b")
	w.next(events, control.LogEvent{At: control.LogPosition{Attempt: 2}, Lines: []string{"b"}})
}

func TestFollowersThatCannotGoOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	quiet := func(control.LogEvent) error { return nil }
	w.kind(w.plane.Tail(t.Context(), w.who, core.NewActivationID(), control.LogPosition{}, quiet), core.KindNotFound)
	id := w.invoke("hi", "")
	other := w.who
	other.Namespace.Name = "other"
	w.kind(w.plane.Tail(t.Context(), other, id, control.LogPosition{}, quiet), core.KindNotFound)
	gone := errors.New("client has left")
	if err := w.plane.Tail(t.Context(), w.who, id, control.LogPosition{}, func(control.LogEvent) error { return gone }); !errors.Is(err, gone) {
		t.Errorf("got %v, want the error of the receiver", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err := w.plane.Tail(ctx, w.who, id, control.LogPosition{}, func(control.LogEvent) error { cancel(); return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's", err)
	}
}

func TestLogPositions(t *testing.T) {
	t.Parallel()
	want := control.LogPosition{Attempt: 2, Line: 17}
	if got, ok := control.ParseLogPosition(want.String()); got != want || !ok {
		t.Errorf("got %v, %v, want %v", got, ok, want)
	}
	for _, bad := range []string{"", "7", "a-1", "1-", "1--2", "-1-2"} {
		if got, ok := control.ParseLogPosition(bad); ok || got != (control.LogPosition{}) {
			t.Errorf("%q: got %v, %v, want nothing", bad, got, ok)
		}
	}
}
