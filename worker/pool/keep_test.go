package pool_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hearth-faas/hearth/worker/pool"
)

// fresh makes one more container of the action ready.
func fresh(t *testing.T, p *pool.Pool, n pool.Need) error {
	t.Helper()
	n.Fresh = true
	l, err := p.Acquire(t.Context(), n, nil)
	if err != nil {
		return err
	}
	if l.Source == pool.SourceWarm {
		t.Error("a fresh container has its action already")
	}
	l.Initialised()
	l.Park()
	return nil
}

func TestKeptContainersOutliveIdleness(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := begin(t, newMemory(), pool.Options{Memory: 2048})
		kept, other := need("ns", "kept", 256), need("ns", "other", 256)
		for range 3 {
			if err := fresh(t, p, kept); err != nil {
				t.Fatal(err)
			}
		}
		if n := p.Holds(kept.Key); n != 3 {
			t.Errorf("%d containers were made ready, want 3", n)
		}
		acquire(t, p, other).Release()
		p.Keep(map[pool.Key]int{kept.Key: 2})
		time.Sleep(time.Hour)
		if n, m := p.Holds(kept.Key), p.Holds(other.Key); n != 2 || m != 0 {
			t.Errorf("an hour later: %d and %d, want 2 and 0", n, m)
		}
		if l := acquire(t, p, kept); l.Source != pool.SourceWarm {
			t.Errorf("got %s, want warm", l.Source)
		} else {
			l.Release()
		}
		p.Keep(nil)
		time.Sleep(time.Hour)
		if n := p.Holds(kept.Key); n != 0 {
			t.Errorf("%d left that nobody wants kept", n)
		}
	})
}

func TestKeptContainersMakeRoomLastAndTakeNone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := begin(t, newMemory(), pool.Options{Memory: 512})
		kept, young, big := need("ns", "kept", 256), need("ns", "young", 256), need("ns", "big", 512)
		if err := fresh(t, p, kept); err != nil {
			t.Fatal(err)
		}
		p.Keep(map[pool.Key]int{kept.Key: 2})
		time.Sleep(time.Minute)
		acquire(t, p, young).Release()
		if err := fresh(t, p, kept); !errors.Is(err, pool.ErrNoRoom) {
			t.Errorf("got %v, want %v", err, pool.ErrNoRoom)
		}
		acquire(t, p, need("ns", "next", 256)).Release()
		if n, m := p.Holds(kept.Key), p.Holds(young.Key); n != 1 || m != 0 {
			t.Errorf("for room went %d kept and %d others, want the other", 1-n, 1-m)
		}
		acquire(t, p, big).Release() // somebody waits: all can go
	})
}
