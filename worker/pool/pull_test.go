package pool_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hearth-faas/hearth/worker/engine"
	"github.com/hearth-faas/hearth/worker/pool"
)

func TestSlowPullsHoldUpNoOtherStart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, pulled := newMemory(), make(chan struct{})
		m.pull = func(s engine.Spec) {
			if s.Foreign {
				<-pulled
			}
		}
		p := begin(t, m, pool.Options{Starts: 2, Memory: 4096})
		var slow sync.WaitGroup
		for i := range 5 {
			slow.Go(func() {
				n := need("ns", fmt.Sprintf("slow%d", i), 256)
				n.Foreign = true
				acquire(t, p, n).Release()
			})
		}
		synctest.Wait() // all that can be asked for is asked for
		if got := m.count(created); got != 5 {
			t.Errorf("%d pulls go on, want all 5", got)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if l, err := p.Acquire(ctx, need("ns", "fast", 256), nil); err != nil {
			t.Errorf("another start: %v", err)
		} else {
			l.Release()
		}
		close(pulled)
		slow.Wait()
		// The places are free again, and no more of them than there were.
		m.pull, m.together = nil, 0
		for i := range 5 {
			slow.Go(func() { acquire(t, p, need("ns", fmt.Sprintf("next%d", i), 256)).Release() })
		}
		slow.Wait()
		if m.together != 2 {
			t.Errorf("%d started at once after that, want 2", m.together)
		}
	})
}
