package worker

import (
	"context"
	"time"

	"github.com/hearth-faas/hearth/core"
)

// Between attempts to write what must be written.
const (
	persistFirst = 50 * time.Millisecond
	persistMost  = time.Second
)

// persist repeats do while the store does not answer, until ctx is done. Any
// other failure is returned at once.
func persist(ctx context.Context, do func(context.Context) error) error {
	wait := persistFirst
	for {
		err := do(ctx)
		if core.KindOf(err) != core.KindUnavailable {
			return err
		}
		if !sleep(ctx, wait) {
			return err
		}
		wait = min(2*wait, persistMost)
	}
}

// sleep waits, and says whether the time passed before ctx ended.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
