package control_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
	"github.com/hearth-faas/hearth/store/storetest"
)

func TestParseOnce(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, value, want string }{
		{"ok, bare", "8e03978e-40d5-43e8", "8e03978e-40d5-43e8"},
		{"ok, a structured field", `"8e03 978e"`, "8e03 978e"},
		{"ok, escapes", `"a\"b\\c"`, `a"b\c`},
		{"ok, the longest", strings.Repeat("x", 255), strings.Repeat("x", 255)},
		{"nok, too long", strings.Repeat("x", 256), ""},
		{"nok, empty", "", ""},
		{"nok, empty in quotes", `""`, ""},
		{"nok, no end", `"abc`, ""},
		{"nok, more after the end", `"abc"; x=1`, ""},
		{"nok, another escape", `"a\bc"`, ""},
		{"nok, an escape of nothing", `"a\`, ""},
		{"nok, not ASCII", "ä", ""},
		{"nok, a control character", "a\tb", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			once, err := control.ParseOnce(test.value)
			if test.want == "" {
				if core.KindOf(err) != core.KindInvalid {
					t.Errorf("got %v, %v, want a refusal", once, err)
				}
				return
			}
			if err != nil || once.Key != test.want {
				t.Errorf("got %v, %v, want %q", once, err, test.want)
			}
		})
	}
}

// keyed is a call of an action with an idempotency key.
func (w world) keyed(key, payload string) control.Call {
	return control.Call{
		Subject: w.who, Target: control.Target{Action: action("hi")}, Payload: core.JSON(payload), Once: &control.Once{Key: key},
	}
}

func TestCallsWithOneKeyAreOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	first := w.keyed("k", `{"a":1}`)
	id, err := w.plane.Invoke(ctx, first)
	if err != nil || first.Once.Replayed || first.Once.ID != id {
		t.Fatalf("got %s, %v, %+v", id, err, first.Once)
	}
	again := w.keyed("k", `{"a":1}`)
	if got, err := w.plane.Invoke(ctx, again); err != nil || got != id || !again.Once.Replayed {
		t.Errorf("got %s, %v, %+v, want %s replayed", got, err, again.Once, id)
	}
	waits := w.keyed("k", `{"a":1}`)
	_, err = w.plane.InvokeAndWait(ctx, waits, patience)
	w.kind(err, core.KindConflict)
	if waits.Once.ID != id {
		t.Errorf("got %+v, want the id of the activation in progress", waits.Once)
	}
	_, err = w.plane.Invoke(ctx, w.keyed("k", `{"a":2}`))
	w.kind(err, core.KindUnprocessable)
	other := w.keyed("k", `{"a":1}`)
	other.Target.Action = action("other")
	_, err = w.plane.Invoke(ctx, other)
	w.kind(err, core.KindUnprocessable)

	if err := w.plane.Finish(ctx, w.start(id), success(`{"n":1}`)); err != nil {
		t.Fatal(err)
	}
	a, err := w.plane.InvokeAndWait(ctx, w.keyed("k", `{"a":1}`), patience)
	if err != nil || a.State != core.StateDone || string(a.Outcome.Result) != `{"n":1}` {
		t.Errorf("got %+v, %v, want the result once more", a, err)
	}
	stranger := w.keyed("k", `{"a":1}`)
	stranger.Subject.Name = "another"
	if got, err := w.plane.Invoke(ctx, stranger); err != nil || got == id {
		t.Errorf("got %s, %v, want a key of its own for another subject", got, err)
	}
	if c := w.counts(); c != (store.Counts{Accepted: 2, Done: 1, Queued: 1}) {
		t.Errorf("got %+v", c)
	}
	if ttl := w.rdb.TTL(ctx, w.rdb.Keys(ctx, "hearth:{guest}:once:*").Val()[0]).Val(); ttl <= 23*time.Hour || ttl > 24*time.Hour {
		t.Errorf("the key lives for %v", ttl)
	}
}

func TestManyCallsWithOneKeyAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var all sync.WaitGroup
	ids := make([]core.ActivationID, 50)
	for i := range ids {
		all.Go(func() {
			var err error
			if ids[i], err = w.plane.Invoke(t.Context(), w.keyed("k", `{}`)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Fatalf("got %s and %s", id, ids[0])
		}
	}
	if c := w.counts(); c.Accepted != 1 || c.Queued != 1 {
		t.Errorf("got %+v, want one activation", c)
	}
}

// dying is a connection that is cut at the n-th exchange with Redis: before it,
// or after Redis has done what it was asked.
type dying struct {
	at    int
	after bool
	n     int
}

func (d *dying) DialHook(next redis.DialHook) redis.DialHook { return next }

func (d *dying) cut(do func() error) error {
	d.n++
	if d.n == d.at && d.after {
		_ = do()
	}
	if d.n >= d.at {
		return context.DeadlineExceeded
	}
	return do()
}

func (d *dying) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := d.cut(func() error { return next(ctx, cmd) })
		if err != nil {
			cmd.SetErr(err)
		}
		return err
	}
}

func (d *dying) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		return d.cut(func() error { return next(ctx, cmds) })
	}
}

func TestAKeyOutlivesTheProcessThatTookIt(t *testing.T) {
	t.Parallel()
	srv := storetest.Server(t)
	w := worldOn(t, srv.Client(), control.Options{})
	ctx := t.Context()
	for at := 1; at <= 6; at++ {
		for _, after := range []bool{false, true} {
			key := string(rune('0'+at)) + "before"
			if after {
				key = string(rune('0'+at)) + "after"
			}
			before := w.counts().Accepted
			mortal := redis.NewClient(&redis.Options{Network: "unix", Addr: srv.Socket(), MaxRetries: -1})
			mortal.AddHook(&dying{at: at, after: after})
			_, failed := worldOn(t, mortal, control.Options{}).plane.Invoke(ctx, w.keyed(key, `{}`))
			_ = mortal.Close()

			call := w.keyed(key, `{}`)
			id, err := w.plane.Invoke(ctx, call)
			if err != nil {
				t.Fatalf("%s: %v", key, err)
			}
			if failed == nil && !call.Once.Replayed {
				t.Errorf("%s: the first was accepted, the second does not know", key)
			}
			if n := w.counts().Accepted - before; n != 1 {
				t.Errorf("%s: %d activations were accepted, want one", key, n)
			}
			if a := w.start(id); a.Attempt != 1 {
				t.Errorf("%s: got %+v", key, a)
			}
		}
	}
}

func TestARefusedCallTakesNoKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	call := w.keyed("k", `{"a":1}`)
	call.Target.Action.Annotations = core.Params{{Key: "final", Value: core.JSON("true")}}
	call.Target.Action.Params = core.Params{{Key: "a", Value: core.JSON("2")}}
	_, err := w.plane.Invoke(t.Context(), call)
	w.kind(err, core.KindInvalid)
	if keys := w.rdb.Keys(t.Context(), "hearth:{guest}:once:*").Val(); len(keys) != 0 {
		t.Errorf("got %v", keys)
	}
}
