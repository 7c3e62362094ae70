package pool_test

import (
	"testing"
	"testing/synctest"

	"github.com/hearth-faas/hearth/worker/pool"
)

func TestWhyAnActivationWaits(t *testing.T) {
	t.Parallel()
	one := need("ns", "a", 256)
	one.Instances = 1
	for _, test := range []struct {
		name   string
		memory int
		busy   *pool.Need // in use meanwhile
		need   pool.Need
		want   pool.Wait
	}{
		{"a container starts", 1024, nil, need("ns", "a", 256), pool.WaitStart},
		{"no memory is left", 256, &one, need("ns", "b", 256), pool.WaitMemory},
		{"the action has all that it may", 1024, &one, one, pool.WaitInstances},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := begin(t, newMemory(), pool.Options{Memory: test.memory})
				release := func() {}
				if test.busy != nil {
					release = acquire(t, p, *test.busy).Release
				}
				done := make(chan struct{})
				go func() {
					defer close(done)
					acquire(t, p, test.need).Release()
				}()
				synctest.Wait()
				if got := p.Why(test.need); got != test.want {
					t.Errorf("got %q, want %q", got, test.want)
				}
				release()
				<-done
			})
		})
	}
}
