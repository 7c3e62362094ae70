package store_test

import (
	"sync"
	"testing"
	"time"
)

func TestCallsOfAMinuteAreCounted(t *testing.T) {
	t.Parallel()
	db, rdb := setup(t)
	ctx := t.Context()
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			for range 5 {
				a, err := db.Admit(ctx, "guest", "invoke", 50, true)
				if err != nil {
					t.Error(err)
					return
				}
				if a.Rate < 1 || a.Next <= 0 || a.Next > time.Minute || a.InFlight != 0 {
					t.Errorf("got %+v", a)
				}
			}
		})
	}
	wg.Wait()
	if _, err := db.Admit(ctx, "guest", "fire", 50, false); err != nil {
		t.Fatal(err)
	}
	// The test may run over the end of a minute: the counters of all count.
	total := map[string]int{}
	for _, rate := range []string{"invoke", "fire"} {
		for _, key := range rdb.Keys(ctx, "hearth:{guest}:rate:"+rate+":*").Val() {
			n, err := rdb.Get(ctx, key).Int()
			must(t, err)
			total[rate] += n
			if ttl := rdb.TTL(ctx, key).Val(); ttl <= 0 || ttl > 2*time.Minute {
				t.Errorf("%s: got TTL %s", key, ttl)
			}
		}
	}
	if total["invoke"] != 100 || total["fire"] != 1 {
		t.Errorf("got %v, want 100 invokes and 1 fire", total)
	}
}

func TestActivationsInFlightAreQueuedAndRunningOnes(t *testing.T) {
	t.Parallel()
	db, rdb := setup(t)
	ctx := t.Context()
	must(t, rdb.ZAdd(ctx, "hearth:{guest}:queued", zAt(1, "a"), zAt(2, "b")).Err())
	must(t, rdb.ZAdd(ctx, "hearth:{guest}:running", zAt(3, "c")).Err())
	a, err := db.Admit(ctx, "guest", "invoke", 1000, true)
	must(t, err)
	if a.InFlight != 3 {
		t.Errorf("got %d in flight, want 3", a.InFlight)
	}
	// Over the rate the answer is no anyway.
	if a, err = db.Admit(ctx, "guest", "invoke", 0, true); err != nil || a.InFlight != 0 {
		t.Errorf("got %+v, %v, want no count", a, err)
	}
}
