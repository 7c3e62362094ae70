package worker

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/worker/pool"
	"github.com/hearth-faas/hearth/worker/protocol/whisk"
)

// what says how the use of a container ended.
type what int

const (
	answered    what = iota // the action answered, well or badly
	broken                  // it did not: crash, time-out
	unready                 // it answered /init badly
	stillborn               // it did not answer /init: crash, time-out
	refused                 // nothing could be sent
	taken                   // the attempt is somebody else's now, nothing was sent
	interrupted             // cancelled, or the worker's time is up
)

// verdict is what the use of a container came to.
type verdict struct {
	what    what
	out     core.Outcome // of all but refused, taken and interrupted
	at      time.Time    // when that was known
	capture *whisk.Capture
}

// use runs the activation in the container: /init where it is not warm, then
// /run. Each has the action's time limit to itself.
func (j *job) use(ctx context.Context, lease *pool.Lease) verdict {
	j.source, j.began, j.init = lease.Source, time.Now(), 0
	v := verdict{capture: lease.Logs.Begin(j.a.ID, j.a.Limits.Logs<<20)}
	j.tracked.capture.Store(v.capture)
	v.what, v.out = j.exchange(ctx, lease)
	v.at = time.Now()
	return v
}

func (j *job) exchange(ctx context.Context, lease *pool.Lease) (what, core.Outcome) {
	if lease.Source != pool.SourceWarm {
		if how, out := j.initialise(ctx, lease); how != answered {
			return how, out
		}
		lease.Initialised()
	}
	if how := j.send(ctx); how != answered {
		return how, core.Outcome{}
	}
	limit := j.a.Limits.Timeout
	run, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	answer, err := lease.Client.Run(run, j.call(limit))
	switch {
	case errors.Is(err, whisk.ErrRefused):
		return refused, core.Outcome{}
	case ctx.Err() != nil && err != nil:
		return interrupted, core.Outcome{}
	case err != nil:
		return broken, j.why(ctx, lease.ID, whisk.RunOutcome(answer, err, limit), err)
	}
	return answered, whisk.RunOutcome(answer, nil, limit)
}

// initialise sends /init. It returns answered when the container is ready.
func (j *job) initialise(ctx context.Context, lease *pool.Lease) (what, core.Outcome) {
	limit := j.a.Limits.Timeout
	init, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	call := j.call(limit)
	if j.a.Limits.Concurrency > 1 && !j.kind.Foreign {
		call.Mark = lease.Logs.Mark()
	}
	answer, err := lease.Client.Init(init, call, *j.exec)
	j.init = time.Since(j.began)
	switch {
	case errors.Is(err, whisk.ErrRefused), err == nil && answer.Status == http.StatusServiceUnavailable:
		return refused, core.Outcome{} // 503: it shuts down
	case ctx.Err() != nil && err != nil:
		return interrupted, core.Outcome{}
	}
	out, failed := whisk.InitOutcome(answer, err, limit)
	if !failed {
		return answered, core.Outcome{}
	}
	if err != nil {
		return stillborn, j.why(ctx, lease.ID, out, err)
	}
	return unready, out
}

// send marks that /run is about to be sent, unless it is marked so already.
// Without the mark nothing may be sent: a second worker could send it too.
func (j *job) send(ctx context.Context) what {
	if !j.unsent {
		return answered
	}
	if d := j.a.Deadline; !d.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, d)
		defer cancel()
	}
	err := persist(ctx, func(ctx context.Context) error { return j.w.deps.Plane.Sent(ctx, j.a) })
	switch {
	case err == nil:
		j.unsent = false
		return answered
	case core.KindOf(err) == core.KindConflict:
		return taken
	}
	j.log.Warn("activation cannot be marked as sent", "err", err)
	return interrupted
}

func (j *job) call(limit time.Duration) whisk.Call {
	return whisk.Call{Activation: j.a, Deadline: time.Now().Add(limit)}
}

// How long the engine gets to notice that a container has ended, after its
// connection broke.
const (
	notice      = time.Second
	noticeAgain = 20 * time.Millisecond
)

// why returns out, or the outcome that says that memory ran out if that is
// why the container ended.
func (j *job) why(ctx context.Context, id string, out core.Outcome, err error) core.Outcome {
	if !errors.Is(err, whisk.ErrBroken) {
		return out
	}
	ctx, cancel := context.WithTimeout(ctx, notice)
	defer cancel()
	for {
		status, err := j.w.deps.Engine.Inspect(ctx, id)
		switch {
		case err != nil:
			return out
		case !status.Running && status.OOMKilled:
			return whisk.OutOfMemory()
		case !status.Running || !sleep(ctx, noticeAgain):
			return out
		}
	}
}
