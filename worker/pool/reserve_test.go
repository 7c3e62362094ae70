package pool_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hearth-faas/hearth/worker/pool"
)

func TestReservedMemoryCountsAndIsGivenBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		p := begin(t, m, pool.Options{Memory: 512})
		idle := acquire(t, p, need("ns", "a", 256))
		idle.Initialised()
		idle.Release()
		release, err := p.Reserve(t.Context(), 512) // the idle container goes
		if err != nil || len(m.gone()) != 1 || p.Stats().MemoryUsed != 512 {
			t.Fatalf("got %v, removed %v, used %d MB", err, m.gone(), p.Stats().MemoryUsed)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := p.Reserve(ctx, 1); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("beyond the budget: got %v", err)
		}
		if _, err := p.Reserve(t.Context(), 513); !errors.Is(err, pool.ErrTooLarge) {
			t.Errorf("more than there ever is: got %v", err)
		}
		release()
		release()
		if used := p.Stats().MemoryUsed; used != 0 {
			t.Errorf("%d MB are in use of nothing", used)
		}
	})
}
