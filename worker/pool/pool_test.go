package pool_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hearth-faas/hearth/worker/engine"
	"github.com/hearth-faas/hearth/worker/pool"
)

func TestAContainerServesItsActionAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		p := begin(t, m, pool.Options{})
		first := acquire(t, p, need("ns", "a", 256))
		if first.Source != pool.SourceCold {
			t.Errorf("first use: got %s, want cold", first.Source)
		}
		first.Release()
		second := acquire(t, p, need("ns", "a", 256))
		if second.Source != pool.SourceWarm || second.ID != first.ID {
			t.Errorf("second use: got %s %s, want warm %s", second.Source, second.ID, first.ID)
		}
		second.Release()
	})
}

func TestAContainerIsNeverShared(t *testing.T) {
	t.Parallel()
	revised := need("ns", "a", 256)
	revised.Revision = "2"
	shared := need("other", "a", 256)
	shared.Action.Namespace = "ns" // the same action, called by another namespace
	for name, other := range map[string]pool.Need{
		"between namespaces that call one action": shared,
		"between actions":                         need("ns", "b", 256),
		"between revisions":                       revised,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := begin(t, newMemory(), pool.Options{})
				a := acquire(t, p, need("ns", "a", 256))
				a.Release()
				b := acquire(t, p, other)
				if b.ID == a.ID || b.Source == pool.SourceWarm {
					t.Errorf("got container %s (%s) of another key", b.ID, b.Source)
				}
				b.Release()
			})
		})
	}
}

func TestADestroyedContainerIsReplacedAfterItIsGone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		p := begin(t, m, pool.Options{Memory: 256})
		a := acquire(t, p, need("ns", "a", 256))
		a.Destroy()
		a.Release() // the second end of a lease does nothing
		b := acquire(t, p, need("ns", "a", 256))
		if b.ID == a.ID || !slices.Contains(m.gone(), a.ID) {
			t.Errorf("got %s after %s, removed %v", b.ID, a.ID, m.gone())
		}
		if m.count(most) > 256 {
			t.Errorf("%d MB were in use at once, of 256", m.count(most))
		}
		b.Release()
	})
}

func TestAContainerThatWasNotInitialisedIsNotGivenBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := begin(t, newMemory(), pool.Options{})
		a, err := p.Acquire(t.Context(), need("ns", "a", 256), nil)
		if err != nil {
			t.Fatal(err)
		}
		a.Release() // /init may have been sent and lost
		b := acquire(t, p, need("ns", "a", 256))
		if b.ID == a.ID {
			t.Error("got the same container for a second /init")
		}
		b.Release()
	})
}

func TestEvictionTakesTheLeastRecentlyUsed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		p := begin(t, m, pool.Options{Memory: 512})
		a, b := acquire(t, p, need("ns", "a", 256)), acquire(t, p, need("ns", "b", 256))
		a.Release()
		time.Sleep(time.Second)
		b.Release()
		time.Sleep(time.Second)
		acquire(t, p, need("ns", "a", 256)).Release() // now b is the older one
		c := acquire(t, p, need("ns", "c", 256))
		if want := []string{b.ID}; !slices.Equal(m.gone(), want) {
			t.Errorf("evicted %v, want %v", m.gone(), want)
		}
		if got := p.Stats().Evictions; got != 1 {
			t.Errorf("counted %d evictions, want 1", got)
		}
		c.Release()
	})
}

func TestALaterSmallerOneDoesNotOvertake(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := begin(t, newMemory(), pool.Options{Memory: 512})
		a, b := acquire(t, p, need("ns", "a", 256)), acquire(t, p, need("ns", "b", 256))
		var (
			mu    sync.Mutex
			order []string
			work  sync.WaitGroup
		)
		queue := func(name string, memory int) {
			work.Go(func() {
				l := acquire(t, p, need("ns", name, memory))
				mu.Lock()
				order = append(order, name)
				mu.Unlock()
				time.Sleep(time.Second)
				l.Release()
			})
			synctest.Wait()
		}
		queue("big", 512)
		queue("small", 128)
		queue("b", 256) // its own container becomes idle, and the big one is first
		a.Release()
		time.Sleep(time.Second)
		b.Release()
		work.Wait()
		if order[0] != "big" {
			t.Errorf("served in the order %v, want big first", order)
		}
	})
}

func TestABurstStartsNoMoreThanItNeeds(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		run       time.Duration
		low, high int
		within    time.Duration
	}{
		"short runs are served by the first containers": {5 * time.Millisecond, 1, 2, time.Second},
		"long runs get a container each":                {time.Minute, 50, 50, 2 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				p := begin(t, m, pool.Options{Memory: 100 * 256})
				began := time.Now()
				var work sync.WaitGroup
				for range 50 {
					work.Go(func() {
						l := acquire(t, p, need("ns", "a", 256))
						time.Sleep(tt.run)
						l.Release()
					})
				}
				work.Wait()
				if n := m.count(created); n < tt.low || n > tt.high {
					t.Errorf("started %d containers, want %d to %d", n, tt.low, tt.high)
				}
				if took := time.Since(began); took > tt.within {
					t.Errorf("took %s, want at most %s", took, tt.within)
				}
				if m.count(rush) > 2 {
					t.Errorf("%d starts at once, want at most 2", m.count(rush))
				}
			})
		})
	}
}

func TestConcurrentActivationsShareAContainer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		p := begin(t, m, pool.Options{})
		n := need("ns", "a", 256)
		n.Concurrency = 3
		a, b, c := acquire(t, p, n), acquire(t, p, n), acquire(t, p, n)
		if a.ID != b.ID || b.ID != c.ID {
			t.Errorf("got containers %s, %s, %s, want one", a.ID, b.ID, c.ID)
		}
		b.Destroy()
		if d := acquire(t, p, n); d.ID == a.ID {
			t.Error("a container that is given up got another activation")
		} else {
			d.Release()
		}
		if len(m.gone()) > 0 {
			t.Error("the container was removed under those that share it")
		}
		a.Release()
		c.Release()
		time.Sleep(time.Second)
		if !slices.Contains(m.gone(), a.ID) {
			t.Error("the container stayed after the last had left it")
		}
	})
}

func TestInstancesBoundTheContainersOfAnAction(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		p := begin(t, m, pool.Options{})
		n := need("ns", "a", 128)
		n.Instances = 2
		var work sync.WaitGroup
		for range 6 {
			work.Go(func() {
				l := acquire(t, p, n)
				time.Sleep(time.Minute)
				l.Release()
			})
		}
		work.Wait()
		if n := m.count(created); n != 2 {
			t.Errorf("started %d containers, want 2", n)
		}
	})
}

func TestIdleContainersFreezeAndGo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		p := begin(t, m, pool.Options{})
		a := acquire(t, p, need("ns", "a", 256))
		time.Sleep(time.Hour)
		if m.count(asleep) != 0 {
			t.Error("a container in use was frozen")
		}
		a.Release()
		time.Sleep(11 * time.Second)
		if m.count(asleep) != 1 {
			t.Error("the idle container is not frozen after the grace")
		}
		again := acquire(t, p, need("ns", "a", 256))
		if again.ID != a.ID || m.count(asleep) != 0 {
			t.Errorf("got %s, frozen %d, want %s thawed", again.ID, m.count(asleep), a.ID)
		}
		again.Release()
		time.Sleep(11 * time.Minute)
		if n := m.count(alive); n != 0 {
			t.Errorf("%d containers after the idle time, want 0", n)
		}
		if s := p.Stats(); s.MemoryUsed != 0 {
			t.Errorf("%d MB charged for nothing", s.MemoryUsed)
		}
	})
}

func TestAFrozenContainerThatDoesNotThawIsReplaced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.failResume = func(string) error { return engine.ErrGone }
		p := begin(t, m, pool.Options{})
		a := acquire(t, p, need("ns", "a", 256))
		a.Release()
		time.Sleep(11 * time.Second)
		b := acquire(t, p, need("ns", "a", 256))
		if b.ID == a.ID || b.Source != pool.SourceCold {
			t.Errorf("got %s %s, want another, cold", b.Source, b.ID)
		}
		b.Release()
	})
}

func TestAContainerTakenWhileItFreezes(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]error{"is thawed": nil, "is replaced when the freeze fails": errors.New("no freezer")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				m.freezes = time.Minute
				m.failPause = func(string) error { return fail }
				p := begin(t, m, pool.Options{})
				a := acquire(t, p, need("ns", "a", 256))
				a.Release()
				time.Sleep(15 * time.Second)
				b := acquire(t, p, need("ns", "a", 256))
				if same := a.ID == b.ID; same != (fail == nil) || m.count(asleep) != 0 {
					t.Errorf("got %s after %s, frozen %d", b.ID, a.ID, m.count(asleep))
				}
				b.Release()
			})
		})
	}
}

func TestStockIsKeptAndUsed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		image := need("", "", 256).Image
		p := begin(t, m, pool.Options{Memory: 1024, Stock: []pool.Stock{{Image: image, Count: 2}}})
		time.Sleep(3 * time.Second)
		if s := p.Stats(); s.Stocked != 2 {
			t.Errorf("%d in stock, want 2", s.Stocked)
		}
		a := acquire(t, p, need("ns", "a", 256))
		if a.Source != pool.SourcePrewarmed {
			t.Errorf("got %s, want prewarmed", a.Source)
		}
		other := acquire(t, p, need("ns", "b", 128))
		if other.Source != pool.SourceCold {
			t.Errorf("another memory size: got %s, want cold", other.Source)
		}
		other.Destroy()
		time.Sleep(3 * time.Second)
		if s := p.Stats(); s.Stocked != 2 {
			t.Errorf("%d in stock after use, want 2", s.Stocked)
		}
		a.Release()
		time.Sleep(time.Hour)
		if s := p.Stats(); s.Stocked != 2 || s.MemoryUsed != 512 {
			t.Errorf("%d in stock, %d MB after an hour, want 2 and 512", s.Stocked, s.MemoryUsed)
		}
		big := acquire(t, p, need("ns", "big", 1024)) // the stock makes room
		big.Release()
	})
}

func TestPeersOfAFailingInitFailWithIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		p := begin(t, m, pool.Options{Starts: 1})
		a, err := p.Acquire(t.Context(), need("ns", "a", 256), nil)
		if err != nil {
			t.Fatal(err)
		}
		cause := errors.New("syntax error")
		errs := make(chan error, 5)
		for range cap(errs) {
			go func() {
				_, err := p.Acquire(t.Context(), need("ns", "a", 256), nil)
				errs <- err
			}()
		}
		synctest.Wait()
		a.Fail(cause)
		for range cap(errs) {
			if err := <-errs; !errors.Is(err, cause) {
				t.Errorf("a peer got %v, want the cause", err)
			}
		}
		if n := m.count(created); n > 2 {
			t.Errorf("%d starts for an action that cannot be initialised", n)
		}
		time.Sleep(time.Second)
		acquire(t, p, need("ns", "a", 256)).Release() // those who come later try again
	})
}

func TestFailedStarts(t *testing.T) {
	t.Parallel()
	odd := errors.New("odd")
	for name, tt := range map[string]struct {
		err    error
		starts int
	}{
		"an image that cannot be had is not asked for again": {engine.ErrImage, 1},
		"an engine that does not answer is not asked again":  {engine.ErrUnavailable, 1},
		"another failure is tried twice":                     {odd, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				m.failCreate = func(engine.Spec) error { return tt.err }
				p := begin(t, m, pool.Options{})
				_, err := p.Acquire(t.Context(), need("ns", "a", 256), nil)
				if !errors.Is(err, tt.err) || m.count(created) != tt.starts {
					t.Errorf("got %v after %d starts, want %v after %d", err, m.count(created), tt.err, tt.starts)
				}
				if s := p.Stats(); s.MemoryUsed != 0 {
					t.Errorf("%d MB charged for nothing", s.MemoryUsed)
				}
			})
		})
	}
}

func TestARemovalThatFailsIsRepeated(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		fails := 3
		m.failRemove = func(string) error {
			if fails > 0 {
				fails--
				return engine.ErrUnavailable
			}
			return nil
		}
		p := begin(t, m, pool.Options{})
		acquire(t, p, need("ns", "a", 256)).Destroy()
		time.Sleep(time.Second)
		if s := p.Stats(); s.Removing != 1 || s.MemoryUsed != 256 {
			t.Errorf("got %+v, want its memory charged while it may live", s)
		}
		time.Sleep(time.Minute)
		if s := p.Stats(); s.MemoryUsed != 0 {
			t.Errorf("got %+v, want it gone", s)
		}
	})
}

func TestAcquireEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		p := begin(t, m, pool.Options{Memory: 256})
		if _, err := p.Acquire(t.Context(), need("ns", "a", 257), nil); !errors.Is(err, pool.ErrTooLarge) {
			t.Errorf("more than there is: got %v", err)
		}
		a := acquire(t, p, need("ns", "a", 256))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		late := 0
		if _, err := p.Acquire(ctx, need("ns", "b", 256), func() { late++ }); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the context's error", err)
		}
		if late != 1 {
			t.Errorf("late was called %d times, want once", late)
		}
		a.Release()
		acquire(t, p, need("ns", "b", 256)).Release() // nothing was lost on the way
	})
}

func TestAClosedPoolTurnsAwayAndRemovesEverything(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		p := begin(t, m, pool.Options{Memory: 256})
		a := acquire(t, p, need("ns", "a", 256))
		got := make(chan error, 1)
		go func() {
			_, err := p.Acquire(context.WithoutCancel(t.Context()), need("ns", "b", 256), nil)
			got <- err
		}()
		synctest.Wait()
		t.Cleanup(func() {
			if err := <-got; !errors.Is(err, pool.ErrClosed) {
				t.Errorf("who waited got %v", err)
			}
			a.Release()
		})
	})
}
