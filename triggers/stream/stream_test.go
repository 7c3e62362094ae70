package stream_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/queue"
	"github.com/hearth-faas/hearth/store"
	"github.com/hearth-faas/hearth/store/foreign"
	"github.com/hearth-faas/hearth/store/storetest"
	"github.com/hearth-faas/hearth/triggers"
	"github.com/hearth-faas/hearth/triggers/stream"
)

// patience bounds every wait.
const patience = time.Minute

// world is a platform whose trigger "orders" invokes "act", and the Redis of
// somebody else.
type world struct {
	t     *testing.T
	db    *store.DB
	plane *control.Plane
	who   core.Subject
	other *theirs
}

// theirs is a Redis on a port, with a password.
type theirs struct {
	t    *testing.T
	port int
	dir  string
	cmd  *exec.Cmd
	rdb  *redis.Client
}

func newTheirs(t *testing.T) *theirs {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	_ = l.Close()
	r := &theirs{t: t, port: port, dir: t.TempDir()}
	r.rdb = redis.NewClient(&redis.Options{Addr: fmt.Sprintf("127.0.0.1:%d", port), Password: "canary-pw"})
	t.Cleanup(func() { _ = r.rdb.Close() })
	r.start()
	t.Cleanup(r.kill)
	return r
}

func (r *theirs) start() {
	r.t.Helper()
	r.cmd = exec.Command("redis-server", "--port", fmt.Sprint(r.port), "--bind", "127.0.0.1", "--requirepass", "canary-pw",
		"--dir", r.dir, "--appendonly", "yes", "--appendfsync", "always", "--logfile", filepath.Join(r.dir, "log"))
	if err := r.cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	for end := time.Now().Add(patience); r.rdb.Ping(context.Background()).Err() != nil; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			r.t.Fatal("the other redis does not answer")
		}
	}
}

func (r *theirs) kill() {
	_ = r.cmd.Process.Kill() // it may have gone already
	_ = r.cmd.Wait()
}

func (r *theirs) url() string { return fmt.Sprintf("redis://:canary-pw@127.0.0.1:%d/0", r.port) }

// add appends entries with a field "n", numbered from first.
func (r *theirs) add(first, count int) {
	r.t.Helper()
	_, err := r.rdb.Pipelined(context.Background(), func(pipe redis.Pipeliner) error {
		for n := range count {
			pipe.XAdd(context.Background(), &redis.XAddArgs{Stream: "orders", Values: []any{"n", first + n}})
		}
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

func setup(t *testing.T) *world {
	t.Helper()
	rdb := storetest.Redis(t)
	w := &world{t: t, db: store.New(rdb), other: newTheirs(t)}
	w.plane = control.New(w.db, queue.NewClient(rdb), slog.New(slog.DiscardHandler), control.Options{
		Server: "s", Rates: core.Rates{InvocationsPerMinute: 1e6, FiresPerMinute: 1e6, ConcurrentInvocations: 1e6},
		Sources: []control.TriggerSource{stream.NewSource(w.db, foreign.Options{})},
	})
	_, err := w.db.CreateNamespace(t.Context(), "guest")
	w.must(err)
	w.who, err = w.plane.Owner(t.Context(), "guest")
	w.must(err)
	exec := core.Exec{Kind: "nodejs:24", Code: []byte("x")}
	_, err = w.plane.PutAction(t.Context(), w.who, name("act"), control.ActionPatch{Exec: &exec}, true)
	w.must(err)
	return w
}

func name(local string) core.Name { return core.ParseLocal("guest", local) }

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// put makes the trigger with its stream, and its rule.
func (w *world) put(more string) (*core.Trigger, error) {
	list := core.Params{{Key: stream.Annotation, Value: core.JSON(fmt.Sprintf(`{"url":%q%s}`, w.other.url(), more))}}
	t, err := w.plane.PutTrigger(w.t.Context(), w.who, name("orders"), control.TriggerPatch{Annotations: &list}, true)
	if err != nil {
		return nil, err
	}
	from, to := name("orders"), name("act")
	_, err = w.plane.PutRule(w.t.Context(), w.who, name("rule"), control.RulePatch{Trigger: &from, Action: &to}, true)
	return t, err
}

// start runs a process that reads streams and one that dispatches, until the
// test ends or stop is called.
func (w *world) start(process string) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	log := slog.New(slog.DiscardHandler)
	done := make(chan error, 2)
	go func() {
		done <- stream.New(w.plane, w.db, log, stream.Options{Name: process, Idle: time.Second, Look: 50 * time.Millisecond}).Run(ctx)
	}()
	go func() {
		done <- triggers.New(w.plane, w.db, log, triggers.Options{Name: process, Retry: time.Second}).Run(ctx)
	}()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		for range 2 {
			if err := <-done; err != nil {
				w.t.Errorf("run: %v", err)
			}
		}
	}
	w.t.Cleanup(stop)
	return stop
}

func (w *world) eventually(otherwise string, is func() bool) {
	w.t.Helper()
	for end := time.Now().Add(patience); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			w.t.Fatal(otherwise)
		}
	}
}

// call is one activation of the action, with the entries that it got.
type call struct {
	id      core.ActivationID
	attempt int
	numbers []string
	entries []string
}

// queued are the activations of the action that wait, which is all of them
// that no test has ended: there is no worker.
func (w *world) queued() []call {
	w.t.Helper()
	pending, err := w.db.Pending(w.t.Context(), "guest", 100_000)
	w.must(err)
	var list []call
	for _, mark := range pending.Queued {
		r, err := w.db.Activation(w.t.Context(), core.Ref{Namespace: "guest", ID: mark.ID})
		w.must(err)
		var in struct {
			Attempt int
			Entries []struct {
				ID     string
				Fields map[string]string
			}
		}
		w.must(json.Unmarshal(r.Input, &in))
		c := call{id: mark.ID, attempt: in.Attempt}
		for _, e := range in.Entries {
			c.numbers, c.entries = append(c.numbers, e.Fields["n"]), append(c.entries, e.ID)
		}
		list = append(list, c)
	}
	return list
}

// numbers waits until each of the numbers has come, and checks that none came
// twice.
func (w *world) numbers(want int) {
	w.t.Helper()
	var got []string
	w.eventually("entries are missing", func() bool {
		got = nil
		for _, c := range w.queued() {
			got = append(got, c.numbers...)
		}
		return len(got) >= want
	})
	slices.Sort(got)
	if distinct := len(slices.Compact(slices.Clone(got))); len(got) != want || distinct != want {
		w.t.Errorf("%d entries came as %d, %d of them distinct", want, len(got), distinct)
	}
}

// end ends an activation as a worker would, with a result.
func (w *world) end(id core.ActivationID, status core.Status, result string) {
	w.t.Helper()
	ref := core.Ref{Namespace: "guest", ID: id}
	started, err := w.plane.Start(w.t.Context(), ref, "worker")
	w.must(err)
	now := time.Now()
	w.must(w.plane.Finish(w.t.Context(), started, core.Outcome{
		Status: status, Result: core.JSON(result), Size: len(result), Start: now.Add(-time.Minute), End: now.Add(-time.Minute), Logs: []string{},
	}))
}

func TestEntriesBecomeEvents(t *testing.T) {
	t.Parallel()
	w := setup(t)
	_, err := w.put(`,"key":"orders","batch":10,"window":"200ms","concurrency":100`)
	w.must(err)
	w.other.add(0, 25) // after the group was made, before anybody reads
	w.start("a")
	w.numbers(25)
	if n := len(w.queued()); n != 3 {
		t.Errorf("25 entries came in %d batches of 10", n)
	}
	w.eventually("entries are not acknowledged", func() bool {
		p, err := w.other.rdb.XPending(t.Context(), "orders", "hearth").Result()
		return err == nil && p.Count == 0
	})
}

func TestEachEntryIsAnEvent(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.other.add(0, 3)
	_, err := w.put(`,"key":"orders","start":"0"`)
	w.must(err)
	w.start("a")
	w.numbers(3)
	if n := len(w.queued()); n != 3 {
		t.Errorf("3 entries came in %d events", n)
	}
}

func TestProcessesThatComeAndGoLoseAndDoubleNothing(t *testing.T) {
	t.Parallel()
	w := setup(t)
	_, err := w.put(`,"key":"orders","batch":7,"concurrency":1000`)
	w.must(err)
	const each, rounds = 150, 4
	for round := range rounds {
		stops := []func(){w.start(fmt.Sprint("a", round)), w.start(fmt.Sprint("b", round))}
		w.other.add(round*each, each)
		w.eventually("nothing more comes", func() bool { return len(w.queued()) > round*each/7 })
		for _, stop := range stops {
			stop()
		}
	}
	w.start("last")
	w.numbers(each * rounds)
}

// TestAProcessThatDiesAnywhere dies between any two of the steps from an entry
// to its acknowledgement; another then does the rest.
func TestAProcessThatDiesAnywhere(t *testing.T) {
	t.Parallel()
	reader := foreign.Reader{Stream: "orders", Group: "hearth", Consumer: "dead"}
	for when, die := range map[string]func(w *world, rdb *foreign.Redis, list []foreign.Entry){
		"after reading": func(*world, *foreign.Redis, []foreign.Entry) {},
		"after writing an event of some": func(w *world, _ *foreign.Redis, list []foreign.Entry) {
			w.launch(list[:3])
		},
		"after writing and acknowledging some": func(w *world, rdb *foreign.Redis, list []foreign.Entry) {
			w.must(rdb.Acknowledge(w.t.Context(), reader, w.launch(list[1:4])))
		},
		"after the stream was told and it was noted": func(w *world, rdb *foreign.Redis, list []foreign.Entry) {
			ids := w.launch(list)
			w.must(rdb.Acknowledge(w.t.Context(), reader, ids))
			w.must(w.db.Told(w.t.Context(), name("orders"), ids, time.Now()))
		},
	} {
		t.Run(when, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			_, err := w.put(`,"key":"orders","batch":4`)
			w.must(err)
			w.other.add(0, 6)
			rdb, err := foreign.Open(w.other.url(), foreign.Options{})
			w.must(err)
			defer rdb.Close()
			list, err := rdb.Read(t.Context(), reader, 10, time.Second)
			w.must(err)
			if len(list) != 6 {
				t.Fatalf("read %d entries", len(list))
			}
			die(w, rdb, list)
			w.start("heir")
			w.numbers(6)
		})
	}
}

// launch writes the event of entries, and does no more.
func (w *world) launch(list []foreign.Entry) (ids []string) {
	w.t.Helper()
	entries := []any{}
	for _, e := range list {
		ids = append(ids, e.ID)
		entries = append(entries, map[string]any{"id": e.ID, "fields": e.Fields})
	}
	body, err := json.Marshal(map[string]any{"stream": "orders", "attempt": 1, "entries": entries})
	w.must(err)
	id := core.NewActivationID()
	event := store.Event{Trigger: name("orders"), ID: id, Payload: body, Source: "stream", Admitted: true}
	_, ok, err := w.db.Launch(w.t.Context(), event, store.Flight{ID: id, Doc: []byte(`{"attempt":1}`), Since: time.Now()}, ids, 100)
	if err != nil || !ok {
		w.t.Fatalf("launch: %v, %v", ok, err)
	}
	return ids
}

func TestEntriesThatAnActionFailedComeAgainAndAreThenGivenUp(t *testing.T) {
	t.Parallel()
	w := setup(t)
	_, err := w.put(`,"key":"orders","batch":4,"window":"100ms","retries":1`)
	w.must(err)
	w.other.add(0, 4)
	w.start("a")
	w.numbers(4)
	first := w.queued()[0]
	w.end(first.id, core.StatusSuccess, fmt.Sprintf(`{"failed":[%q],"batchItemFailures":[{"itemIdentifier":%q}]}`, first.entries[1], first.entries[3]))
	w.numbers(2)
	second := w.queued()[0]
	if second.attempt != 2 || !slices.Equal(second.entries, []string{first.entries[1], first.entries[3]}) {
		t.Errorf("the second attempt is %+v, after %+v", second, first)
	}
	w.end(second.id, core.StatusApplicationError, `{"error":"no"}`)
	var rejects []string
	w.eventually("nothing is given up", func() bool {
		list, err := w.db.Rejects(t.Context(), name("orders"))
		w.must(err)
		rejects = nil
		for _, r := range list {
			rejects = append(rejects, string(r))
		}
		return len(rejects) == 2
	})
	for i, text := range rejects {
		if !strings.Contains(text, second.entries[i]) && !strings.Contains(text, second.entries[1-i]) {
			t.Errorf("given up is %s", text)
		}
	}
	w.eventually("the flight is not over", func() bool {
		list, err := w.db.Flights(t.Context(), name("orders"))
		return err == nil && len(list) == 0
	})
}

func TestNoMoreEventsAreUnderWayThanAllowed(t *testing.T) {
	t.Parallel()
	w := setup(t)
	_, err := w.put(`,"key":"orders","concurrency":2`)
	w.must(err)
	w.other.add(0, 5)
	w.start("a")
	w.numbers(2)
	for done := range 5 {
		list := w.queued()
		if len(list) > 2 {
			t.Errorf("%d are under way", len(list))
		}
		w.end(list[0].id, core.StatusSuccess, `{}`)
		w.eventually("the next does not come", func() bool { return len(w.queued()) >= min(2, 4-done) })
	}
}

func TestAStreamThatGoesAndComesBack(t *testing.T) {
	t.Parallel()
	w := setup(t)
	_, err := w.put(`,"key":"orders","concurrency":1000`)
	w.must(err)
	w.start("a")
	w.other.add(0, 10)
	w.numbers(10)
	w.other.kill()
	w.other.start()
	w.other.add(10, 10)
	w.numbers(20)
}

func TestStreamsThatCannotBe(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for more, want := range map[string]string{
		``:                                          "a key, or a channel",
		`,"key":"a","channel":"b"`:                  "a key, or a channel",
		`,"key":"hearth:events:{0}"`:                "the platform's own",
		`,"key":"a","start":"now"`:                  "start 'now'",
		`,"key":"a","batch":5000`:                   "batch is from",
		`,"key":"a","window":"soon"`:                "window 'soon'",
		`,"key":"a","colour":"red"`:                 "unknown field",
		`,"key":"a","url":"http://127.0.0.1:1/"`:    "no redis:// or rediss:// URL",
		`,"key":"a","url":"redis://127.0.0.1:1"`:    "connection refused",
		`,"key":"a","url":"redis://169.254.1.1"`:    "not allowed",
		`,"key":"a","url":"redis://h.invalid:1"`:    "cannot be read",
		`,"key":"a","url":"` + w.bare() + `"`:       "NOAUTH",
		`,"key":"a","url":"` + w.bare() + `/seven"`: "invalid database",
	} {
		_, err := w.put(more)
		if core.KindOf(err) != core.KindInvalid || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", more, err, want)
		}
	}
	if _, err := w.plane.Trigger(t.Context(), w.who, name("orders")); core.KindOf(err) != core.KindNotFound {
		t.Errorf("the trigger was made all the same: %v", err)
	}
}

func (w *world) bare() string { return fmt.Sprintf("redis://127.0.0.1:%d", w.other.port) }

func TestThePasswordIsNotShownAndIsKept(t *testing.T) {
	t.Parallel()
	w := setup(t)
	made, err := w.put(`,"key":"orders"`)
	w.must(err)
	shown, _ := made.Annotations.Get(stream.Annotation)
	if strings.Contains(string(shown), "canary-pw") {
		t.Fatalf("it shows the password: %s", shown)
	}
	// What was shown, changed elsewhere, is written back.
	back := core.Params{{Key: stream.Annotation, Value: core.JSON(strings.Replace(string(shown), `"key"`, `"batch":2,"key"`, 1))}}
	_, err = w.plane.PutTrigger(t.Context(), w.who, name("orders"), control.TriggerPatch{Annotations: &back}, true)
	w.must(err)
	w.other.add(0, 2)
	w.start("a")
	w.numbers(2)
}

func TestMessagesOfAChannelBecomeEvents(t *testing.T) {
	t.Parallel()
	w := setup(t)
	_, err := w.put(`,"channel":"news"`)
	w.must(err)
	w.start("a")
	w.start("b")
	w.eventually("nobody listens", func() bool {
		n, err := w.other.rdb.PubSubNumSub(t.Context(), "news").Result()
		return err == nil && n["news"] > 0
	})
	w.must(w.other.rdb.Publish(t.Context(), "news", "hello").Err())
	w.eventually("the message does not come", func() bool { return len(w.queued()) == 1 })
	r, err := w.db.Activation(t.Context(), core.Ref{Namespace: "guest", ID: w.queued()[0].id})
	w.must(err)
	if want := `{"channel":"news","message":"hello"}`; string(r.Input) != want {
		t.Errorf("got %s, want %s", r.Input, want)
	}
}

func TestADeletedTriggerIsReadNoMore(t *testing.T) {
	t.Parallel()
	w := setup(t)
	_, err := w.put(`,"key":"orders"`)
	w.must(err)
	w.start("a")
	w.other.add(0, 1)
	w.numbers(1)
	_, err = w.plane.DeleteTrigger(t.Context(), w.who, name("orders"))
	w.must(err)
	w.eventually("the consumer stays", func() bool {
		list, err := w.other.rdb.XInfoConsumers(t.Context(), "orders", "hearth").Result()
		return err == nil && len(list) == 0
	})
}
