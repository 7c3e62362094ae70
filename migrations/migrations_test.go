package migrations_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/hearth-faas/hearth/migrations"
	"github.com/hearth-faas/hearth/store/storetest"
)

func TestRunBringsAnEmptyRedisToTheVersionOfTheBinary(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	rdb := storetest.Redis(t)
	if err := migrations.Check(ctx, rdb); !errors.Is(err, migrations.ErrOld) {
		t.Fatalf("got %v before, want ErrOld", err)
	}
	for range 2 { // repeating it is harmless
		if err := migrations.Run(ctx, rdb); err != nil {
			t.Fatal(err)
		}
		if err := migrations.Check(ctx, rdb); err != nil {
			t.Fatal(err)
		}
	}
	if n := rdb.Exists(ctx, "hearth:schema:lock").Val(); n != 0 {
		t.Error("the lock is still there")
	}
}

func TestNewerDataAreRefusedAndLeftAlone(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	rdb := storetest.Redis(t)
	newer := migrations.Version() + 1
	if err := rdb.Set(ctx, "hearth:schema", newer, 0).Err(); err != nil {
		t.Fatal(err)
	}
	for name, do := range map[string]error{"check": migrations.Check(ctx, rdb), "run": migrations.Run(ctx, rdb)} {
		if !errors.Is(do, migrations.ErrNew) {
			t.Errorf("%s: got %v, want ErrNew", name, do)
		}
	}
	if got, _ := rdb.Get(ctx, "hearth:schema").Int(); got != newer {
		t.Errorf("got version %d after, want %d", got, newer)
	}
}

func TestAVersionThatIsNoNumberIsAnError(t *testing.T) {
	t.Parallel()
	rdb := storetest.Redis(t)
	if err := rdb.Set(t.Context(), "hearth:schema", "one", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if err := migrations.Run(t.Context(), rdb); err == nil {
		t.Error("got no error")
	}
}

func TestRunWaitsForTheLockOnlyAsLongAsItsContext(t *testing.T) {
	t.Parallel()
	rdb := storetest.Redis(t)
	if err := rdb.Set(t.Context(), "hearth:schema:lock", "somebody", 0).Err(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- migrations.Run(ctx, rdb) }()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	if got := rdb.Get(t.Context(), "hearth:schema:lock").Val(); got != "somebody" {
		t.Errorf("got lock %q, want it left to who holds it", got)
	}
}

func TestManyMayRunAtOnce(t *testing.T) {
	t.Parallel()
	rdb := storetest.Redis(t)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if err := migrations.Run(t.Context(), rdb); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if err := migrations.Check(t.Context(), rdb); err != nil {
		t.Error(err)
	}
}
