package migrations

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/store/storetest"
)

func TestStepsRunInOrderOnceEach(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	rdb := storetest.Redis(t)
	var mu sync.Mutex
	var ran []int
	note := func(n int) step {
		return func(context.Context, redis.UniversalClient) error {
			mu.Lock()
			defer mu.Unlock()
			ran = append(ran, n)
			return nil
		}
	}
	if err := migrate(ctx, rdb, []step{note(1)}); err != nil {
		t.Fatal(err)
	}
	all := []step{note(1), note(2), note(3)}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := migrate(ctx, rdb, all); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if !slices.Equal(ran, []int{1, 2, 3}) {
		t.Errorf("got steps %v, want 1, 2, 3", ran)
	}
}

func TestAFailedStepIsRunAgainAndTheOnesBeforeItAreNot(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	rdb := storetest.Redis(t)
	boom := errors.New("boom")
	var ran []string
	fail := true
	all := []step{
		func(context.Context, redis.UniversalClient) error { ran = append(ran, "one"); return nil },
		func(context.Context, redis.UniversalClient) error {
			ran = append(ran, "two")
			if fail {
				return boom
			}
			return nil
		},
	}
	if err := migrate(ctx, rdb, all); !errors.Is(err, boom) {
		t.Fatalf("got %v, want boom", err)
	}
	fail = false
	if err := migrate(ctx, rdb, all); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(ran, []string{"one", "two", "two"}) {
		t.Errorf("got steps %v, want one, two, two", ran)
	}
}

func TestALockTakenAwayIsNotReleased(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	rdb := storetest.Redis(t)
	err := locked(ctx, rdb, func(ctx context.Context) error {
		return rdb.Set(ctx, lockKey, "another's", 0).Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := rdb.Get(ctx, lockKey).Val(); got != "another's" {
		t.Errorf("got lock %q, want another's", got)
	}
}
