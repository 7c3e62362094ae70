package pool_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hearth-faas/hearth/worker/pool"
)

func TestAReactiveStockFollowsDemand(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := begin(t, newMemory(), pool.Options{Memory: 64 << 10, Grace: -1, Idle: 24 * time.Hour, Stock: []pool.Stock{{
			Image: need("", "", 256).Image, Count: 1,
			Reactive: &pool.Reactive{Min: 0, Max: 4, TTL: 10 * time.Minute, Threshold: 2, Increment: 2},
		}}})
		stocked := func(when string, want int) {
			t.Helper()
			if s := p.Stats(); s.Stocked != want {
				t.Errorf("%s: %d in stock, want %d", when, s.Stocked, want)
			}
		}
		n := 0
		colds := func(count int) { // the stock serves as many as it has
			for before := p.Stats().Cold; p.Stats().Cold < before+int64(count); n++ {
				acquire(t, p, need("ns", fmt.Sprint(n), 256)).Release()
			}
		}
		time.Sleep(10 * time.Second)
		stocked("at first", 1)
		colds(1)
		time.Sleep(2 * time.Minute) // it is forgotten
		colds(1)
		time.Sleep(10 * time.Second)
		stocked("after one cold start a minute", 1)
		colds(1)
		time.Sleep(10 * time.Second)
		stocked("after a second within the minute", 3)
		acquire(t, p, need("ns", "other size", 512)).Release()
		acquire(t, p, need("ns", "another", 512)).Release()
		time.Sleep(10 * time.Second)
		stocked("after demand for others", 3)
		colds(6)
		time.Sleep(10 * time.Second)
		stocked("at most", 4)
		time.Sleep(9 * time.Minute)
		stocked("before its time is over", 4)
		time.Sleep(2 * time.Minute)
		stocked("when nobody needs it", 0)
		time.Sleep(time.Hour)
		stocked("an hour later", 0)
	})
}

func TestAReactiveStockStartsWithinItsBounds(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ count, least, most, want int }{
		"fewer than the least": {0, 2, 4, 2},
		"more than the most":   {6, 1, 3, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := begin(t, newMemory(), pool.Options{Memory: 4096, Stock: []pool.Stock{{
					Image: need("", "", 256).Image, Count: tt.count,
					Reactive: &pool.Reactive{Min: tt.least, Max: tt.most, TTL: time.Hour, Threshold: 1, Increment: 1},
				}}})
				time.Sleep(time.Minute)
				if s := p.Stats(); s.Stocked != tt.want {
					t.Errorf("%d in stock, want %d", s.Stocked, tt.want)
				}
			})
		})
	}
}
