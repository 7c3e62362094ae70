package worker

import (
	"context"
	"errors"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/worker/pool"
)

// Why a job ends without having run.
var (
	errStopping = errors.New("worker stops")
	errTaken    = errors.New("attempt was taken away")
	errWaited   = errors.New("no container until the deadline")
	errKind     = errors.New("worker does not know the kind")
)

// acquire gets a container for the job. As soon as it is known that this
// takes a cold start, or just long, the platform learns that nothing was sent
// yet. The code is read only for a container that lacks it: under load most
// of those who wait get a warm one, and would keep it from working meanwhile.
func (j *job) acquire(claiming, ctx context.Context, need pool.Need) (*pool.Lease, error) {
	waiting, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(claiming, func() { cancel(errStopping) })()
	if d := j.a.Deadline; !d.IsZero() {
		var free context.CancelFunc
		waiting, free = context.WithDeadlineCause(waiting, d, errWaited)
		defer free()
	}
	told := func() {}
	defer func() { told() }()
	lease, err := j.w.pool.Acquire(waiting, need, func() {
		told = j.tell(waiting, need)
		if err := j.notSent(ctx); err != nil {
			cancel(err)
		}
	})
	if err != nil {
		return nil, err
	}
	j.w.over()
	if lease.Source == pool.SourceWarm {
		return lease, nil
	}
	if err := j.prepare(ctx); err != nil {
		lease.Destroy()
		return nil, err
	}
	return lease, nil
}

// notSent tells the platform, once, that nothing was sent yet.
func (j *job) notSent(ctx context.Context) error {
	if j.unsent {
		return nil
	}
	if err := j.w.deps.Plane.NotSent(ctx, j.a); core.KindOf(err) == core.KindConflict {
		return errTaken
	} else if err != nil {
		j.log.Warn("activation stays marked as sent", "err", err) // the safe side
	}
	j.unsent = true
	return nil
}

// prepare does what a cold start needs beside the container. It may be
// repeated.
func (j *job) prepare(ctx context.Context) error {
	if err := j.notSent(ctx); err != nil {
		return err
	}
	if j.exec != nil {
		return nil
	}
	action, err := j.action(ctx, true)
	if err != nil {
		return err
	}
	j.exec = &action.Exec
	return nil
}
