package load_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hearth-faas/hearth/bench/load"
)

func run(t *testing.T, opt load.Options, call load.Call) load.Result {
	t.Helper()
	r, err := load.Run(t.Context(), opt, call)
	if err != nil {
		t.Fatalf("run: %v", err)
	}
	return r
}

func sleep(d time.Duration) load.Call {
	return func(context.Context, int) error { time.Sleep(d); return nil }
}

func TestRunRefusesOptionsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	for name, opt := range map[string]load.Options{
		"no worker":     {Count: 1},
		"no bound":      {Workers: 1},
		"negative rate": {Workers: 1, Count: 1, Rate: -1},
	} {
		if _, err := load.Run(t.Context(), opt, sleep(0)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestRunMakesExactlyCountCalls(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	r := run(t, load.Options{Workers: 7, Count: 100}, func(context.Context, int) error {
		calls.Add(1)
		return nil
	})
	if calls.Load() != 100 || r.Latency.Count() != 100 || r.Errors != 0 {
		t.Errorf("%d calls, %d recorded, %d errors, want 100, 100, 0", calls.Load(), r.Latency.Count(), r.Errors)
	}
}

func TestRunKeepsWorkersBusyUntilTheTimeIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run(t, load.Options{Workers: 4, For: time.Second}, sleep(10*time.Millisecond))
		if got := r.Latency.Count(); got != 400 {
			t.Errorf("%d calls of 10 ms by 4 workers in 1 s, want 400", got)
		}
		if got := r.Throughput(); got != 400 {
			t.Errorf("throughput %v, want 400", got)
		}
	})
}

func TestRunNeverSharesAWorker(t *testing.T) {
	t.Parallel()
	var busy [3]atomic.Bool
	run(t, load.Options{Workers: len(busy), Count: 300}, func(_ context.Context, w int) error {
		if busy[w].Swap(true) {
			t.Errorf("worker %d makes two calls at once", w)
		}
		defer busy[w].Store(false)
		return nil
	})
}

func TestRunSpacesCallsEvenlyAtARate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run(t, load.Options{Workers: 2, For: 2 * time.Second, Rate: 100}, sleep(time.Millisecond))
		if got := r.Latency.Count(); got != 200 {
			t.Errorf("%d calls at 100/s in 2 s, want 200", got)
		}
		if got := r.Latency.Max(); got != time.Millisecond {
			t.Errorf("slowest call %v, want 1ms", got)
		}
	})
}

// One worker that needs 20 ms per call cannot keep up with 100 calls/s: the
// last of ten calls starts 90 ms late by its own schedule, and must say so.
func TestRunCountsLatencyFromWhenACallWasDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run(t, load.Options{Workers: 1, Count: 10, Rate: 100}, sleep(20*time.Millisecond))
		if got, want := r.Latency.Max(), 110*time.Millisecond; got != want {
			t.Errorf("slowest call %v, want %v", got, want)
		}
	})
}

func TestRunCountsErrorsApart(t *testing.T) {
	t.Parallel()
	odd := errors.New("odd")
	var calls atomic.Int64
	r := run(t, load.Options{Workers: 2, Count: 10}, func(context.Context, int) error {
		if calls.Add(1)%2 == 1 {
			return odd
		}
		return nil
	})
	if r.Errors != 5 || r.Latency.Count() != 5 || !errors.Is(r.First, odd) {
		t.Errorf("errors %d, recorded %d, first %v, want 5, 5, odd", r.Errors, r.Latency.Count(), r.First)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	r, err := load.Run(ctx, load.Options{Workers: 2, For: time.Hour, Rate: 0.001}, func(context.Context, int) error {
		cancel()
		return nil
	})
	if err != nil || r.Latency.Count() == 0 {
		t.Errorf("err %v, %d calls, want no error and at least one", err, r.Latency.Count())
	}
}
