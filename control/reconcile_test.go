package control_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/queue"
	"github.com/hearth-faas/hearth/store"
	"github.com/hearth-faas/hearth/store/storetest"
)

// recon is a reconciler with a clock of its own.
type recon struct {
	world
	r     *control.Reconciler
	now   time.Time
	n     int
	beats bool // the worker's heart beats in every round
	beat  int64
}

func newRecon(w world) *recon {
	r := &recon{world: w, r: w.plane.Reconciler("test"), now: time.Now()}
	r.r.SetNow(func() time.Time { return r.now })
	return r
}

// round lets time pass, and reconciles once.
func (r *recon) round(d time.Duration) {
	r.t.Helper()
	r.now = r.now.Add(d)
	if r.beats {
		r.heartbeat("w1", "boot")
	}
	r.n++
	if err := r.r.Once(r.t.Context(), r.n); err != nil {
		r.t.Fatalf("reconcile: %v", err)
	}
}

func (r *recon) heartbeat(id, boot string) {
	r.t.Helper()
	r.beat++
	if _, err := r.db.Heartbeat(r.t.Context(), store.Worker{ID: id, Boot: boot, Beat: r.beat, Slots: 4}); err != nil {
		r.t.Fatal(err)
	}
}

// lose lets the worker fall silent for as long as it takes to be lost.
func (r *recon) lose() {
	r.t.Helper()
	r.beats = false
	for range 8 {
		r.round(time.Second)
	}
}

func (w world) reason(id core.ActivationID, want core.Reason) {
	w.t.Helper()
	a, err := w.plane.Activation(w.t.Context(), w.who, id)
	if err != nil {
		w.t.Fatalf("record: %v", err)
	}
	if a.Outcome.Reason != want || a.Outcome.Status != core.StatusInternalError || len(a.Outcome.Result) == 0 {
		w.t.Errorf("got %+v, want reason %q", a.Outcome, want)
	}
	if c := w.counts(); c.Drift() != 0 {
		w.t.Errorf("got %+v, which drifts", c)
	}
}

func TestALostWorkersActivations(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := newRecon(w)
	r.beats = true
	r.round(0)
	sent, unsent := w.invoke("hi", ""), w.invoke("hi", "")
	w.start(sent)
	if err := w.plane.NotSent(t.Context(), w.start(unsent)); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		r.round(time.Second) // a worker that lives is left alone
	}
	if c := w.counts(); c.Running != 2 {
		t.Fatalf("got %+v while the worker lives", c)
	}
	r.lose()
	w.reason(sent, core.ReasonWorkerLost)
	a := w.start(unsent)
	if a.Attempt != 2 || a.Losses != 1 {
		t.Errorf("got attempt %d and %d losses, want 2 and 1", a.Attempt, a.Losses)
	}
}

func TestAnActionMayAskToBeRunAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	target := control.Target{Action: action("hi")}
	target.Action.Annotations = core.Params{{Key: "retry", Value: core.JSON(`{"attempts":2}`)}}
	id, err := w.plane.Invoke(t.Context(), control.Call{Subject: w.who, Target: target})
	if err != nil {
		t.Fatal(err)
	}
	r := newRecon(w)
	for attempt := 1; attempt <= 2; attempt++ {
		if a := w.start(id); a.Attempt != attempt {
			t.Errorf("got attempt %d, want %d", a.Attempt, attempt)
		}
		r.lose()
	}
	w.reason(id, core.ReasonWorkerLost)
}

func TestPoisonIsAbandoned(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := newRecon(w)
	id := w.invoke("hi", "")
	for range 3 {
		if err := w.plane.NotSent(t.Context(), w.start(id)); err != nil {
			t.Fatal(err)
		}
		r.lose()
	}
	w.reason(id, core.ReasonPoison)
}

func TestARestartedWorkerLosesWhatItRan(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := newRecon(w)
	r.heartbeat("w1", "boot")
	id := w.invoke("hi", "")
	w.start(id)
	r.round(time.Second)
	r.round(time.Second)
	r.heartbeat("w1", "another")
	r.round(time.Second) // at once: nobody needs to wait for silence
	w.reason(id, core.ReasonWorkerLost)
}

func TestAnOverdueActivationEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := newRecon(w)
	r.beats = true
	id := w.invoke("hi", "")
	w.start(id)
	for range 9 {
		r.round(time.Minute)
	}
	w.reason(id, core.ReasonDeadline)
	if orders, err := w.db.Heartbeat(t.Context(), store.Worker{ID: "w1", Boot: "boot", Beat: 99}); err != nil || len(orders.Cancel) != 1 {
		t.Errorf("got %v, %v, want the worker told to kill it", orders, err)
	}
}

func TestAQueuedActivationWithoutATaskGetsOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	id := w.invoke("hi", "")
	if err := queue.NewClient(w.rdb).Retire(ctx, queue.Background); err != nil { // the task is lost
		t.Fatal(err)
	}
	r := newRecon(w)
	for range 5 {
		r.round(time.Second)
	}
	n, err := queue.NewClient(w.rdb).Waiting(ctx, queue.Background)
	if err != nil || n[0] != 1 {
		t.Errorf("got %v, %v tasks, want one for %s", n, err, id)
	}
}

func TestTheQueueOfADeadWorkerIsAdopted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	r := newRecon(w)
	r.heartbeat("w1", "boot")
	mine := store.Worker{ID: "w1", Boot: "boot"}.Queue()
	w.invoke("hi", "")
	tasks := queue.NewClient(w.rdb)
	if n, err := tasks.Waiting(ctx, mine); err != nil || n[0] != 1 {
		t.Fatalf("got %v, %v tasks in the worker's queue, want one", n, err)
	}
	for range 90 {
		r.round(time.Second)
	}
	if n, err := tasks.Waiting(ctx, queue.Overflow, mine); err != nil || n[0] != 1 || n[1] != 0 {
		t.Errorf("got %v, %v tasks, want one that was adopted", n, err)
	}
	if list, err := w.db.Workers(ctx); err != nil || len(list) != 0 {
		t.Errorf("got %v, %v, want the lost worker forgotten", list, err)
	}
	if keys := w.rdb.Keys(ctx, "*"+mine+"*").Val(); len(keys) != 0 {
		t.Errorf("got %v, want nothing left of its queue", keys)
	}
}

func TestLogsThatNeverCame(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.start(w.invoke("hi", ""))
	out := success(`{}`)
	out.Logs = nil
	if err := w.plane.Finish(t.Context(), a, out); err != nil {
		t.Fatal(err)
	}
	r := newRecon(w)
	for range 4 {
		r.round(15 * time.Second)
	}
	got, err := w.plane.Activation(t.Context(), w.who, a.ID)
	if err != nil || len(got.Outcome.Logs) != 1 {
		t.Errorf("got %v, %v, want the record with a line that says so", got, err)
	}
}

func TestOneUnreadableRecordStopsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	r := newRecon(w)
	bad, wrong, good := w.invoke("hi", ""), w.invoke("hi", ""), w.invoke("hi", "")
	for _, id := range []core.ActivationID{bad, wrong, good} {
		w.start(id)
	}
	w.rdb.HSet(ctx, "hearth:{guest}:act:"+string(bad), "doc", "{")
	w.rdb.Del(ctx, "hearth:{guest}:act:"+string(wrong))
	w.rdb.Set(ctx, "hearth:{guest}:act:"+string(wrong), "not a hash", 0)
	r.lose()
	w.reason(good, core.ReasonWorkerLost)
	for range 8 {
		r.round(15 * time.Second)
	}
	if c := w.counts(); c.Running != 0 || c.Drift() != 0 {
		t.Errorf("got %+v, want the unreadable ones forgotten", c)
	}
	list, err := w.plane.Activations(ctx, w.who, control.ActivationQuery{})
	if err != nil || len(list) != 1 {
		t.Errorf("got %d records, %v, want the good one", len(list), err)
	}
}

func TestSettingTheClockKillsNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := newRecon(w)
	r.beats = true
	ids := []core.ActivationID{w.invoke("hi", ""), w.invoke("hi", "")}
	for _, id := range ids {
		w.start(id)
	}
	r.round(time.Second)
	// What Redis' clock says of deadlines changes by hours in both directions.
	for _, shift := range []time.Duration{-6 * time.Hour, 6 * time.Hour} {
		for _, id := range ids {
			key := "hearth:{guest}:act:" + string(id)
			at := time.Now().Add(shift).UnixMilli()
			w.rdb.HSet(t.Context(), key, "sta", at-600_000, "dl", at)
			w.rdb.ZIncrBy(t.Context(), "hearth:{guest}:running", float64(shift.Milliseconds()), string(id))
		}
		for range 5 {
			r.round(time.Second)
		}
		if c := w.counts(); c.Running != 2 {
			t.Fatalf("got %+v after a shift of %v, want both running", c, shift)
		}
	}
}

func TestAnOutageLosesNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := newRecon(w)
	r.beats = true
	r.round(0)
	w.start(w.invoke("hi", ""))
	for range 3 {
		r.round(time.Second)
	}
	r.beats = false
	r.round(time.Minute) // Redis is back, and the worker has not beaten yet
	r.beats = true
	for range 3 {
		r.round(time.Second)
	}
	if c := w.counts(); c.Running != 1 {
		t.Errorf("got %+v, want it running", c)
	}
}

func TestAQuietNamespaceIsDroppedAndFoundAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := newRecon(w)
	r.beats = true
	r.round(0)
	if err := w.plane.Finish(t.Context(), w.start(w.invoke("hi", "")), success(`{}`)); err != nil {
		t.Fatal(err)
	}
	for range 310 {
		r.round(time.Second)
	}
	if names, err := w.db.BusyNamespaces(t.Context()); err != nil || len(names) != 0 {
		t.Errorf("got %v, %v, want none", names, err)
	}
	id := w.invoke("hi", "")
	w.start(id)
	for range 3 {
		r.round(time.Second)
	}
	r.lose()
	w.reason(id, core.ReasonWorkerLost)
}

func TestFinishAndReconcileRace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := newRecon(w)
	const n = 100
	list := make([]*core.Activation, n)
	for i := range list {
		list[i] = w.start(w.invoke("hi", ""))
	}
	for range 6 {
		r.round(time.Second)
	}
	var done, dropped atomic.Int32
	var all sync.WaitGroup
	for _, a := range list {
		all.Go(func() {
			switch err := w.plane.Finish(t.Context(), a, success(`{"mine":1}`)); core.KindOf(err) {
			case core.KindConflict:
				dropped.Add(1)
			default:
				if err != nil {
					t.Errorf("finish: %v", err)
				}
				done.Add(1)
			}
		})
	}
	all.Go(func() {
		for range 6 {
			r.now = r.now.Add(time.Second)
			r.n++
			if err := r.r.Once(t.Context(), r.n); err != nil {
				t.Errorf("reconcile: %v", err)
			}
		}
	})
	all.Wait()
	mine := int32(0)
	for _, a := range list {
		got, err := w.plane.Activation(t.Context(), w.who, a.ID)
		if err != nil {
			t.Fatal(err)
		}
		if got.Outcome.Status == core.StatusSuccess {
			mine++
		}
	}
	if mine != done.Load() || done.Load()+dropped.Load() != n {
		t.Errorf("got %d records of %d that were told so, %d dropped", mine, done.Load(), dropped.Load())
	}
	if c := w.counts(); c != (store.Counts{Accepted: n, Done: n}) {
		t.Errorf("got %+v", c)
	}
}

// server is a worker in this process.
func (w world) server(id string, h func(*core.Activation)) (kill func()) {
	ctx, cancel := context.WithCancel(w.t.Context())
	me := store.Worker{ID: id, Boot: "b", Slots: 8}
	var dead atomic.Bool
	var all sync.WaitGroup
	beats := make(chan struct{})
	all.Go(func() {
		for beat := int64(1); ctx.Err() == nil; beat++ {
			me := me
			me.Beat = beat
			if _, err := w.db.Heartbeat(ctx, me); err == nil && beat == 1 {
				close(beats)
			}
			select {
			case <-ctx.Done():
			case <-time.After(200 * time.Millisecond):
			}
		}
	})
	<-beats
	srv := queue.NewServer(w.rdb, slog.New(slog.DiscardHandler), queue.Options{
		Queues: []string{me.Queue(), queue.Overflow, queue.Background}, Concurrency: 8, Drain: time.Millisecond, Grace: patience,
	})
	all.Go(func() {
		err := srv.Run(ctx, func(ctx context.Context, ref core.Ref) error {
			if dead.Load() {
				return nil
			}
			a, err := w.plane.Start(ctx, ref, me.Token())
			if err != nil || dead.Load() { // a dead worker writes nothing more
				return nil
			}
			h(a)
			return nil
		})
		if err != nil {
			w.t.Errorf("server: %v", err)
		}
	})
	w.t.Cleanup(func() { cancel(); all.Wait() })
	return func() { dead.Store(true); cancel() }
}

func TestAThousandActivationsSurviveAWorker(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for i := range 2 {
		all.Go(func() { _ = w.plane.Reconciler(fmt.Sprint("r", i)).Run(ctx) })
	}
	t.Cleanup(func() { cancel(); all.Wait() })
	const n = 1000
	var ran atomic.Int32
	half := make(chan struct{})
	handle := func(a *core.Activation) {
		if ran.Add(1) == n/4 {
			close(half)
		}
		if err := w.plane.Finish(ctx, a, success(`{}`)); err != nil && core.KindOf(err) != core.KindConflict {
			t.Errorf("finish: %v", err)
		}
	}
	kill := w.server("w1", handle)
	w.server("w2", handle)
	for i := range n {
		w.invoke(fmt.Sprint("a", i%10), "")
		if i == n/2 {
			<-half
			kill()
		}
	}
	deadline := time.Now().Add(2 * patience)
	for c := w.counts(); c.Done < n; c = w.counts() {
		if c.Drift() != 0 {
			t.Fatalf("got %+v, which drifts", c)
		}
		if time.Now().After(deadline) {
			t.Fatalf("got %+v, want all done", c)
		}
		time.Sleep(20 * time.Millisecond)
	}
	if c := w.counts(); c != (store.Counts{Accepted: n, Done: n}) {
		t.Errorf("got %+v", c)
	}
}

func TestOneReconcilerWorksAtATime(t *testing.T) {
	t.Parallel()
	db := store.New(storetest.Redis(t))
	for _, c := range []struct {
		holder string
		want   bool
	}{{"a", true}, {"b", false}, {"a", true}} {
		got, err := db.Lease(t.Context(), "reconcile", c.holder, time.Hour)
		if err != nil || got != c.want {
			t.Errorf("%s: got %v, %v, want %v", c.holder, got, err, c.want)
		}
	}
}
