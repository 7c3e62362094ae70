package pool_test

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hearth-faas/hearth/worker/pool"
)

func TestAContainerThatEndedIsNotHandedOut(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		dies  bool  // or only its output ends
		fails error // of the engine, when it is asked
		gone  bool
	}{
		"one that died is given up":                       {dies: true, gone: true},
		"one that only closed its output serves on":       {},
		"one of which the engine can say nothing is kept": {dies: true, fails: errors.New("no answer")},
		"one that lives while the engine is away is kept": {fails: errors.New("no answer")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				p := begin(t, m, pool.Options{})
				a := acquire(t, p, need("ns", "a", 256))
				a.Release()
				m.end(a.ID, tt.dies, tt.fails)
				time.Sleep(3 * time.Second)
				if got := slices.Contains(m.gone(), a.ID); got != tt.gone {
					t.Errorf("removed %v, want that it is removed: %v", m.gone(), tt.gone)
				}
				b := acquire(t, p, need("ns", "a", 256))
				if (b.ID == a.ID) == tt.gone {
					t.Errorf("got %s after %s", b.ID, a.ID)
				}
				b.Release()
			})
		})
	}
}

func TestTheStockIsFilledAgainWhenItDies(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		image := need("", "", 256).Image
		p := begin(t, m, pool.Options{Stock: []pool.Stock{{Image: image, Count: 1}}})
		time.Sleep(5 * time.Second)
		m.end("c1", true, nil)
		time.Sleep(10 * time.Second)
		a := acquire(t, p, need("ns", "a", 256))
		if a.Source != pool.SourcePrewarmed || a.ID == "c1" {
			t.Errorf("got %s, %s; want another that is prewarmed", a.ID, a.Source)
		}
		a.Release()
	})
}
