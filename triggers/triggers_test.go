package triggers_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/queue"
	"github.com/hearth-faas/hearth/store"
	"github.com/hearth-faas/hearth/store/storetest"
	"github.com/hearth-faas/hearth/triggers"
)

// patience bounds every wait.
const patience = time.Minute

// world is a platform whose trigger tick invokes the action act.
type world struct {
	t     *testing.T
	rdb   redis.UniversalClient
	db    *store.DB
	plane *control.Plane
	who   core.Subject
}

func newWorld(t *testing.T, rdb redis.UniversalClient) world {
	t.Helper()
	db := store.New(rdb)
	w := world{t: t, rdb: rdb, db: db}
	w.plane = control.New(db, queue.NewClient(rdb), slog.New(slog.DiscardHandler), control.Options{
		Server: "s", Rates: core.Rates{InvocationsPerMinute: 1e6, FiresPerMinute: 1e6, ConcurrentInvocations: 1e6},
	})
	_, err := db.CreateNamespace(t.Context(), "guest")
	w.must(err)
	w.who, err = w.plane.Owner(t.Context(), "guest")
	w.must(err)
	exec := core.Exec{Kind: "nodejs:24", Code: []byte("x")}
	_, err = w.plane.PutAction(t.Context(), w.who, name("act"), control.ActionPatch{Exec: &exec}, true)
	w.must(err)
	_, err = w.plane.PutTrigger(t.Context(), w.who, name("tick"), control.TriggerPatch{}, true)
	w.must(err)
	from, to := name("tick"), name("act")
	_, err = w.plane.PutRule(t.Context(), w.who, name("rule"), control.RulePatch{Trigger: &from, Action: &to}, false)
	w.must(err)
	return w
}

func name(local string) core.Name { return core.ParseLocal("guest", local) }

func (w world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func event(i int) store.Event {
	return store.Event{
		Trigger: name("tick"), ID: triggers.EventID("test", fmt.Sprint(i)),
		Payload: core.JSON(fmt.Sprintf(`{"i":%d}`, i)), Source: "test",
	}
}

func (w world) append(events ...store.Event) {
	w.t.Helper()
	for _, e := range events {
		w.must(w.db.AppendEvent(w.t.Context(), e))
	}
}

// start runs a dispatcher until the test ends or stop is called.
func (w world) start(n string, opt triggers.Options) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	opt.Name = n
	done := make(chan error, 1)
	go func() { done <- triggers.New(w.plane, w.db, slog.New(slog.DiscardHandler), opt).Run(ctx) }()
	var stopped bool
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			w.t.Errorf("run: %v", err)
		}
	}
	w.t.Cleanup(stop)
	return stop
}

// drained waits until no event waits.
func (w world) drained() {
	w.t.Helper()
	w.eventually("events still wait", func() bool {
		n, err := w.db.WaitingEvents(w.t.Context())
		return err == nil && n == 0
	})
}

func (w world) eventually(otherwise string, is func() bool) {
	w.t.Helper()
	for end := time.Now().Add(patience); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			w.t.Fatal(otherwise)
		}
	}
}

// fired checks the number of activations: one of the action for each event.
// Those of the trigger itself are done, those of the action queued.
func (w world) fired(want int) {
	w.t.Helper()
	c, err := w.plane.Counts(w.t.Context(), "guest")
	w.must(err)
	if c.Queued != want || c.Done != want || c.Drift() != 0 {
		w.t.Errorf("got %+v, want %d of the action queued and %d of the trigger done", c, want, want)
	}
}

func eventRedis(t *testing.T, kind string) redis.UniversalClient {
	if kind == "embedded" {
		rdb := redis.NewClient(&redis.Options{Addr: miniredis.RunT(t).Addr()})
		t.Cleanup(func() { _ = rdb.Close() })
		return rdb
	}
	return storetest.Redis(t)
}

func TestEventsFireTheirTriggers(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"real", "embedded"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, eventRedis(t, kind))
			w.append(event(0)) // before there is anybody to read it
			w.start("d1", triggers.Options{Retry: time.Second})
			w.append(event(1), event(2), event(1))
			w.drained()
			w.fired(3)
			a, err := w.plane.Activation(t.Context(), w.who, event(2).ID)
			w.must(err)
			if string(a.Outcome.Result) != `{"i":2}` || a.Action.Name != "tick" {
				t.Errorf("got %+v", a)
			}
		})
	}
}

// TestADispatcherThatDiesAnywhere stops a dispatcher between any two of its
// steps; another then does the rest.
func TestADispatcherThatDiesAnywhere(t *testing.T) {
	t.Parallel()
	dies := map[string]func(w world, d store.Delivery){
		"after reading the event": func(world, store.Delivery) {},
		"after firing the trigger": func(w world, d store.Delivery) {
			_, err := w.plane.Fire(w.t.Context(), w.who, control.Firing{Trigger: d.Trigger, Payload: d.Payload, ID: d.ID})
			w.must(err)
		},
		"after settling the event": func(w world, d store.Delivery) {
			_, err := w.plane.Fire(w.t.Context(), w.who, control.Firing{Trigger: d.Trigger, Payload: d.Payload, ID: d.ID})
			w.must(err)
			w.must(w.db.SettleEvent(w.t.Context(), d))
		},
	}
	for when, die := range dies {
		t.Run(when, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, storetest.Redis(t))
			w.must(w.db.OpenEvents(t.Context()))
			w.append(event(1))
			var got []store.Delivery
			for shard := range store.EventShards {
				list, err := w.db.NextEvents(t.Context(), shard, "dead", 10, time.Millisecond)
				w.must(err)
				got = append(got, list...)
			}
			if len(got) != 1 {
				t.Fatalf("got %d events, want 1", len(got))
			}
			die(w, got[0])
			w.start("d2", triggers.Options{Retry: 20 * time.Millisecond})
			w.drained()
			w.fired(1)
		})
	}
}

func TestManyDispatchersThatComeAndGo(t *testing.T) {
	t.Parallel()
	const events = 200
	w := newWorld(t, storetest.Redis(t))
	var all []store.Event
	for i := range events {
		all = append(all, event(i))
	}
	stops := []func(){
		w.start("a", triggers.Options{Retry: 300 * time.Millisecond}),
		w.start("b", triggers.Options{Retry: 300 * time.Millisecond}),
	}
	w.append(all[:events/2]...)
	for _, stop := range stops {
		stop()
	}
	w.append(all[events/2:]...)
	w.start("c", triggers.Options{Retry: 300 * time.Millisecond})
	w.drained()
	w.fired(events)
}

func TestEventsThatCannotBeDispatched(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		event  store.Event
		reason string // "" for one that is dropped in silence
	}{
		"its trigger is gone":        {store.Event{Trigger: name("gone"), ID: triggers.EventID("1")}, ""},
		"its namespace is gone":      {store.Event{Trigger: core.ParseLocal("nobody", "x"), ID: triggers.EventID("1")}, ""},
		"it cannot be read":          {store.Event{Trigger: name("tick")}, "read"},
		"it does not work out often": {store.Event{Trigger: name("tick"), ID: triggers.EventID("1")}, "Too many requests"},
	}
	for what, test := range tests {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, storetest.Redis(t))
			if strings.HasPrefix(test.reason, "Too many") {
				none := 0
				w.must(w.db.SetQuota(t.Context(), "guest", core.Quota{FiresPerMinute: &none}))
				// The plane remembers the old quota for seconds; one that is new does not.
				w.plane = control.New(w.db, queue.NewClient(w.rdb), slog.New(slog.DiscardHandler), control.Options{Server: "s"})
			}
			w.append(test.event)
			w.start("d", triggers.Options{Retry: 20 * time.Millisecond, Deliveries: 3})
			w.drained()
			dead, err := w.db.DeadEvents(t.Context(), test.event.Trigger, 10)
			w.must(err)
			buried := slices.ContainsFunc(dead, func(d store.DeadEvent) bool { return strings.Contains(d.Reason, test.reason) })
			if len(dead) > 0 != (test.reason != "") || test.reason != "" && !buried {
				t.Errorf("got dead events %+v, want reason %q", dead, test.reason)
			}
			w.fired(0)
		})
	}
}

func TestAnEventThatWaitsForTheOneBefore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, storetest.Redis(t))
	first, second := event(1), event(2)
	second.After = first.ID
	w.start("d", triggers.Options{})
	w.append(first)
	w.drained()
	w.append(second)
	w.drained()
	w.fired(1)
}

func TestDispatchingOutlivesRedis(t *testing.T) {
	t.Parallel()
	server := storetest.Server(t)
	w := newWorld(t, server.Client())
	w.start("d", triggers.Options{Retry: 500 * time.Millisecond})
	w.append(event(1))
	w.drained()
	server.Kill()
	server.Start()
	w.eventually("nothing can be appended", func() bool { return w.db.AppendEvent(t.Context(), event(2)) == nil })
	w.drained()
	w.fired(2)
}

func TestDispatchingOutlivesTheLossOfAllData(t *testing.T) {
	t.Parallel()
	rdb := storetest.Redis(t)
	w := newWorld(t, rdb)
	w.start("d", triggers.Options{})
	w.append(event(1))
	w.drained()
	w.must(rdb.FlushDB(t.Context()).Err())
	w = newWorld(t, rdb)
	w.append(event(2))
	w.drained()
	w.fired(1)
}

func TestATriggerThatFiresForTheLastTime(t *testing.T) {
	t.Parallel()
	for then, gone := range map[string]struct{ trigger, rule bool }{
		"": {}, store.ThenDelete: {trigger: true}, store.ThenDeleteRules: {trigger: true, rule: true},
	} {
		t.Run("then "+then, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, storetest.Redis(t))
			last := event(1)
			last.Then = then
			w.append(last)
			w.start("d", triggers.Options{})
			w.drained()
			w.fired(1)
			_, err := w.plane.Trigger(t.Context(), w.who, name("tick"))
			_, err2 := w.plane.Rule(t.Context(), w.who, name("rule"))
			got := struct{ trigger, rule bool }{core.KindOf(err) == core.KindNotFound, core.KindOf(err2) == core.KindNotFound}
			if err != nil && !got.trigger || err2 != nil && !got.rule || got != gone {
				t.Errorf("got %v, %v, want gone: %+v", err, err2, gone)
			}
		})
	}
}
