package worker

import (
	"context"
	"time"

	"github.com/hearth-faas/hearth/worker/pool"
)

const (
	// tellAfter is how long, once it is known that it takes longer, an activation
	// waits for a container before the platform learns why.
	tellAfter = 200 * time.Millisecond
	// telling is how long that may take to write.
	telling = 5 * time.Second
)

// tell has the platform know why the job has no container, unless it gets one
// soon. What it returns must be called when it has one, or will have none.
func (j *job) tell(ctx context.Context, need pool.Need) (stop func()) {
	timer := time.AfterFunc(tellAfter, func() {
		ctx, cancel := context.WithTimeout(ctx, telling)
		defer cancel()
		if err := j.w.deps.DB.SetWaiting(ctx, j.a, string(j.w.pool.Why(need))); err != nil && ctx.Err() == nil {
			j.log.Debug("what activation waits for was not written", "err", err)
		}
	})
	return func() { timer.Stop() }
}
