package queue_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/queue"
	"github.com/hearth-faas/hearth/store/storetest"
)

// patience bounds every wait; nothing is ever asserted to be this fast.
const patience = time.Minute

func task(q string) queue.Task {
	return queue.Task{Ref: core.Ref{Namespace: "guest", ID: core.NewActivationID()}, Queue: q}
}

// serve runs a server until the test or the returned stop ends it.
func serve(t *testing.T, rdb redis.UniversalClient, opt queue.Options, h queue.Handler) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- queue.NewServer(rdb, slog.New(slog.DiscardHandler), opt).Run(ctx, h)
	}()
	var stopped atomic.Bool
	stop = func() {
		cancel()
		if stopped.Swap(true) {
			return
		}
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("run: %v", err)
			}
		case <-time.After(patience):
			t.Error("the server does not stop")
		}
	}
	t.Cleanup(stop)
	return stop
}

func receive[T any](t *testing.T, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatal("nothing came")
		panic("unreachable")
	}
}

func TestATaskReachesAHandlerOnce(t *testing.T) {
	t.Parallel()
	rdb := storetest.Redis(t)
	client := queue.NewClient(rdb)
	got := make(chan core.Ref, 16)
	serve(t, rdb, queue.Options{Queues: []string{"w1", queue.Overflow}, Concurrency: 2},
		func(_ context.Context, ref core.Ref) error { got <- ref; return nil })
	one, two := task("w1"), task(queue.Overflow)
	for range 2 { // a repeated enqueue changes nothing while the task is there
		if err := client.Enqueue(t.Context(), one, two); err != nil {
			t.Fatal(err)
		}
	}
	refs := map[core.Ref]bool{receive(t, got): true, receive(t, got): true}
	for len(refs) < 2 { // the second enqueue may have come after the first run
		refs[receive(t, got)] = true
	}
	if !refs[one.Ref] || !refs[two.Ref] {
		t.Errorf("got %v, want %v and %v", refs, one.Ref, two.Ref)
	}
}

func TestAFailedHandlerIsCalledAgain(t *testing.T) {
	t.Parallel()
	rdb := storetest.Redis(t)
	var calls atomic.Int32
	done := make(chan int32, 1)
	serve(t, rdb, queue.Options{Queues: []string{"w1"}}, func(context.Context, core.Ref) error {
		n := calls.Add(1)
		if n == 1 {
			return errors.New("redis went away")
		}
		done <- n
		return nil
	})
	if err := queue.NewClient(rdb).Enqueue(t.Context(), task("w1")); err != nil {
		t.Fatal(err)
	}
	receive(t, done)
	if n, _ := rdb.ZCard(t.Context(), "asynq:{w1}:archived").Result(); n != 0 {
		t.Errorf("got %d tasks in the archive, want none ever", n)
	}
}

func TestConcurrencyIsBounded(t *testing.T) {
	t.Parallel()
	rdb := storetest.Redis(t)
	var now, most atomic.Int32
	done := make(chan struct{}, 64)
	serve(t, rdb, queue.Options{Queues: []string{"w1"}, Concurrency: 3}, func(context.Context, core.Ref) error {
		n := now.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		time.Sleep(2 * time.Millisecond) // the work
		now.Add(-1)
		done <- struct{}{}
		return nil
	})
	client := queue.NewClient(rdb)
	for range 40 {
		if err := client.Enqueue(t.Context(), task("w1")); err != nil {
			t.Fatal(err)
		}
	}
	for range 40 {
		receive(t, done)
	}
	if m := most.Load(); m > 3 {
		t.Errorf("got %d handlers at once, want at most 3", m)
	}
}

func TestStoppingWaitsForHandlersAndClaimsNoMore(t *testing.T) {
	t.Parallel()
	rdb := storetest.Redis(t)
	client := queue.NewClient(rdb)
	started, release := make(chan context.Context), make(chan struct{})
	var ended atomic.Bool
	ctx, cancel := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	go func() {
		stopped <- queue.NewServer(rdb, slog.New(slog.DiscardHandler), queue.Options{Queues: []string{"w1"}}).
			Run(ctx, func(ctx context.Context, _ core.Ref) error {
				started <- ctx
				<-release
				ended.Store(true)
				return nil
			})
	}()
	if err := client.Enqueue(t.Context(), task("w1")); err != nil {
		t.Fatal(err)
	}
	work := receive(t, started)
	// The only slot is taken, so nobody else takes the ring
	// with which the server calls its dequeue goroutine back.
	rdb.Del(t.Context(), "hearth:bell:{bell}:w1")
	cancel()
	for deadline := time.Now().Add(patience); rdb.Exists(t.Context(), "hearth:bell:{bell}:w1").Val() == 0; {
		if time.Now().After(deadline) {
			t.Fatal("the server does not stop")
		}
		time.Sleep(time.Millisecond)
	}
	if work.Err() != nil {
		t.Error("the handler's context ended with the server's")
	}
	if err := client.Enqueue(t.Context(), task("w1")); err != nil {
		t.Fatal(err)
	}
	close(release)
	if err := receive(t, stopped); err != nil {
		t.Error(err)
	}
	if !ended.Load() {
		t.Error("the server did not wait for its handler")
	}
	if n, err := client.Waiting(t.Context(), "w1", "none"); err != nil || !slices.Equal(n, []int{1, 0}) {
		t.Errorf("got %v, %v waiting, want the late task and nothing", n, err)
	}
}

func TestDrainBudgetEndsTheHandlersContext(t *testing.T) {
	t.Parallel()
	rdb := storetest.Redis(t)
	started := make(chan struct{})
	stop := serve(t, rdb, queue.Options{Queues: []string{"w1"}, Drain: time.Millisecond, Grace: patience},
		func(ctx context.Context, _ core.Ref) error {
			close(started)
			<-ctx.Done() // only the budget ends it
			return nil
		})
	if err := queue.NewClient(rdb).Enqueue(t.Context(), task("w1")); err != nil {
		t.Fatal(err)
	}
	receive(t, started)
	stop()
}

// commands counts what Redis has executed, this call included.
func commands(t *testing.T, rdb redis.UniversalClient) int {
	t.Helper()
	info, err := rdb.Info(t.Context(), "stats").Result()
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(info, "total_commands_processed:")
	digits, _, _ := strings.Cut(after, "\r\n")
	n, err := strconv.Atoi(digits)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAnIdleServerLeavesRedisAlone(t *testing.T) {
	t.Parallel()
	rdb := storetest.Server(t).Client() // alone on its Redis
	seen := make(chan core.Ref)
	serve(t, rdb, queue.Options{Queues: []string{"w1", queue.Overflow}},
		func(_ context.Context, ref core.Ref) error { seen <- ref; return nil })
	if err := queue.NewClient(rdb).Enqueue(t.Context(), task("w1")); err != nil {
		t.Fatal(err)
	}
	receive(t, seen) // it is up
	before, start := commands(t, rdb), time.Now()
	time.Sleep(3 * time.Second) // the stretch of idleness that is measured
	n, seconds := commands(t, rdb)-before, time.Since(start).Seconds()
	if limit := 15 * seconds; float64(n) > limit {
		t.Errorf("got %d commands in %.1f idle seconds, want at most %.0f", n, seconds, limit)
	}
}

func TestEnqueueFailsWithoutRedis(t *testing.T) {
	t.Parallel()
	srv := storetest.Server(t)
	client := queue.NewClient(srv.Client())
	srv.Kill()
	if err := client.Enqueue(t.Context(), task("w1")); core.KindOf(err) != core.KindUnavailable {
		t.Errorf("got %v, want KindUnavailable", err)
	}
}

func TestAServerOutlivesAnOutage(t *testing.T) {
	t.Parallel()
	srv := storetest.Server(t)
	rdb := srv.Client()
	seen := make(chan core.Ref, 8)
	serve(t, rdb, queue.Options{Queues: []string{"w1"}},
		func(_ context.Context, ref core.Ref) error { seen <- ref; return nil })
	client := queue.NewClient(rdb)
	if err := client.Enqueue(t.Context(), task("w1")); err != nil {
		t.Fatal(err)
	}
	receive(t, seen)
	srv.Kill()
	srv.Start()
	late := task("w1")
	if err := client.Enqueue(t.Context(), late); err != nil {
		t.Fatal(err)
	}
	for receive(t, seen) != late.Ref { // the first may come again
	}
}

func TestARetiredQueueLeavesNothing(t *testing.T) {
	t.Parallel()
	ctx, rdb := t.Context(), storetest.Redis(t)
	client := queue.NewClient(rdb)
	for range 3 {
		if err := client.Enqueue(ctx, task("gone")); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := client.Retire(ctx, "gone"); err != nil {
			t.Fatal(err)
		}
	}
	keys, err := rdb.Keys(ctx, "*gone*").Result()
	if err != nil || len(keys) != 0 {
		t.Errorf("got %v, %v, want no keys", keys, err)
	}
}

// The pipeline that makes a record and its task is sent again where Redis had
// forgotten a script, and by then a worker may have dropped the first task.
func TestTheSecondTryOfAPipelineQueuesAnotherTask(t *testing.T) {
	t.Parallel()
	rdb := storetest.Redis(t)
	client := queue.NewClient(rdb)
	want := task(queue.Overflow)
	add := client.Adding(t.Context(), want)
	for range 2 {
		if _, err := rdb.Pipelined(t.Context(), add); err != nil {
			t.Fatal(err)
		}
	}
	taken := make(chan core.Ref, 2)
	serve(t, rdb, queue.Options{Queues: []string{queue.Overflow}}, func(_ context.Context, ref core.Ref) error {
		taken <- ref
		return nil
	})
	for range 2 {
		if got := receive(t, taken); got != want.Ref {
			t.Errorf("got %v, want %v", got, want.Ref)
		}
	}
}

func TestABusyQueueDoesNotStarveTheOther(t *testing.T) {
	t.Parallel()
	rdb := storetest.Redis(t)
	client := queue.NewClient(rdb)
	want := task(queue.Overflow)
	taken := make(chan struct{})
	fill := func() error { return client.Enqueue(context.WithoutCancel(t.Context()), task("w1"), task("w1")) }
	if err := fill(); err != nil {
		t.Fatal(err)
	}
	var calls atomic.Int32
	stop := serve(t, rdb, queue.Options{Queues: []string{"w1", queue.Overflow}}, func(_ context.Context, ref core.Ref) error {
		if ref == want.Ref {
			close(taken)
			return nil
		}
		select {
		case <-taken: // the rest of the backlog
			return nil
		default:
		}
		if calls.Add(1) == 10 { // by now the other was found empty
			_ = client.Enqueue(context.WithoutCancel(t.Context()), want)
		}
		return client.Enqueue(context.WithoutCancel(t.Context()), task("w1")) // so it never runs dry
	})
	receive(t, taken)
	stop()
}
