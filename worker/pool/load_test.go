package pool_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hearth-faas/hearth/worker/pool"
)

// TestInvariantsUnderLoad runs hundreds of activations of a hundred actions of
// several tenants through a small pool, with failures, and checks all the
// while what must always hold.
func TestInvariantsUnderLoad(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { load(t, rand.New(rand.NewPCG(seed, 1))) })
		})
	}
}

func load(t *testing.T, r *rand.Rand) {
	const budget = 4096
	m := newMemory()
	image := need("", "", 256).Image
	p := begin(t, m, pool.Options{Memory: budget, Grace: time.Second, Idle: 20 * time.Second, Stock: []pool.Stock{{Image: image, Count: 1}}})
	var (
		mu    sync.Mutex
		owner = map[string]pool.Key{}
		inUse = map[string]int{}
		work  sync.WaitGroup
	)
	for range 600 {
		n := need(fmt.Sprintf("ns%d", r.IntN(3)), fmt.Sprintf("a%d", r.IntN(33)), []int{128, 256, 512}[r.IntN(3)])
		n.Action.Name += fmt.Sprint("-", n.Memory)
		n.Concurrency = 1
		if r.IntN(4) == 0 {
			n.Action.Name += "-many"
			n.Concurrency, n.Concurrent = 4, true
		}
		run, end := time.Duration(r.IntN(int(2*time.Second))), r.IntN(20)
		work.Go(func() {
			l := acquire(t, p, n)
			mu.Lock()
			if key, ok := owner[l.ID]; ok && key != n.Key {
				t.Errorf("container %s of %v was given to %v", l.ID, key, n.Key)
			}
			owner[l.ID] = n.Key
			if inUse[l.ID]++; inUse[l.ID] > n.Concurrency {
				t.Errorf("%d activations in container %s, want at most %d", inUse[l.ID], l.ID, n.Concurrency)
			}
			mu.Unlock()
			time.Sleep(run)
			m.mu.Lock()
			if _, ok := m.live[l.ID]; !ok || m.frozen[l.ID] {
				t.Errorf("container %s was removed or frozen in use", l.ID)
			}
			m.mu.Unlock()
			mu.Lock()
			inUse[l.ID]--
			mu.Unlock()
			if end == 0 {
				l.Destroy()
			} else {
				l.Release()
			}
		})
		time.Sleep(time.Duration(r.IntN(int(60 * time.Millisecond))))
	}
	work.Wait()
	if n := m.count(most); n > budget {
		t.Errorf("%d MB were in use at once, of %d", n, budget)
	}
	time.Sleep(5 * time.Minute)
	if s := p.Stats(); s.MemoryUsed != 256 || s.Stocked != 1 || s.Waiting != 0 {
		t.Errorf("at rest: got %+v, want the stock and nothing else", s)
	}
}
