package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/worker/engine"
	"github.com/hearth-faas/hearth/worker/pool"
	"github.com/hearth-faas/hearth/worker/protocol/whisk"
)

// What users read when the platform ends their activation.
const (
	msgDeleted   = "Action could not be found or may have been deleted."
	msgFetch     = "Action could not be fetched."
	msgProvision = "Failed to provision resources to run the action."
	msgPull      = "Failed to pull container image '%s'."
	msgCommand   = "executable file not found in image %s"
	msgEnded     = "The action did not initialize and exited unexpectedly."
	msgCancelled = "The activation was cancelled."
	msgStopped   = "The worker was stopped before the action had answered."
)

// endError ends an activation that did not run, with an outcome.
type endError struct{ out core.Outcome }

func (e endError) Error() string { return string(e.out.Result) }

func failed(status core.Status, reason core.Reason, message string) core.Outcome {
	out := whisk.Failed(status, message)
	out.Reason = reason
	return out
}

// conclude ends the use of a container. What has to be killed is killed before
// anything else, then the caller is answered, and only then are the logs
// waited for.
func (j *job) conclude(ctx context.Context, lease *pool.Lease, v verdict) {
	switch v.what {
	case answered, unready:
	case broken:
		lease.Destroy()
	case stillborn:
		lease.Fail(endError{v.out})
	case refused:
		lease.Destroy()
		v.out = failed(core.StatusInternalError, core.ReasonPlatform, msgProvision)
	case taken:
		v.capture.End()
		lease.Release()
		return
	case interrupted:
		lease.Destroy()
		if !errors.Is(context.Cause(ctx), errCancelled) {
			v.capture.End()
			j.stopped(ctx)
			return
		}
		v.out = failed(core.StatusInternalError, core.ReasonCancelled, msgCancelled)
	}
	keep := v.what == answered && v.out.Status != core.StatusDeveloperError
	if keep && j.prompt(ctx, lease, &v) {
		return
	}
	j.finish(ctx, v.out, v.at)
	lines := j.logs(ctx, v)
	switch {
	case keep && lines.complete:
		lease.Release()
	case v.what == unready:
		lease.Fail(endError{v.out})
	default:
		lease.Destroy()
	}
	j.addLogs(ctx, lines.text)
}

// stopped ends a job because the worker's time is up: it goes back to the
// queue if nothing was sent.
func (j *job) stopped(ctx context.Context) {
	if j.unsent {
		j.requeue(ctx)
		return
	}
	j.end(ctx, failed(core.StatusInternalError, core.ReasonWorkerLost, msgStopped))
}

// end ends a job that has no logs.
func (j *job) end(ctx context.Context, out core.Outcome) {
	out.Logs = []string{}
	j.finish(ctx, out, time.Now())
}

// without ends a job that got no container.
func (j *job) without(claiming, ctx context.Context, err error) {
	j.began = time.Time{} // whatever was tried before, it did not run
	var end endError
	status, reason, message := core.StatusInternalError, core.ReasonPlatform, msgProvision
	switch {
	case errors.Is(err, errTaken):
		return
	case errors.Is(err, errCancelled):
		reason, message = core.ReasonCancelled, msgCancelled
	case errors.As(err, &end):
		j.end(ctx, end.out)
		return
	case errors.Is(err, engine.ErrUnavailable):
		wait := j.w.failed()
		j.log.Warn("activation goes back to the queue, the container engine does not answer", "after", wait, "err", err)
		sleep(claiming, wait)
		j.requeue(ctx)
		return
	case errors.Is(err, errKind) && j.a.Attempt < strangers:
		sleep(claiming, sitFirst) // another worker may know it
		j.requeue(ctx)
		return
	case errors.Is(err, errStopping), errors.Is(err, pool.ErrClosed), errors.Is(err, errWaited), ctx.Err() != nil:
		j.requeue(ctx)
		return
	case errors.Is(err, engine.ErrEnded) && j.a.Kind == core.KindBlackbox: // the user's own program
		status, reason, message = core.StatusDeveloperError, core.ReasonNone, msgEnded
	case errors.Is(err, engine.ErrImage):
		status, reason, message = core.StatusDeveloperError, core.ReasonNone, fmt.Sprintf(msgPull, j.kind.Image)
	case errors.Is(err, engine.ErrCommand):
		status, reason, message = core.StatusDeveloperError, core.ReasonNone, fmt.Sprintf(msgCommand, j.kind.Image)
	}
	if reason == core.ReasonPlatform {
		j.log.Error("activation got no container", "err", err)
	}
	j.end(ctx, failed(status, reason, message))
}

// strangers is how many workers may be asked to run a kind that the first
// does not know.
const strangers = 5
