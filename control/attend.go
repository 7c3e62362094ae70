package control

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

// runningDue says whether a running activation needs to be looked at: it is
// not known yet who runs it and for how long, or its worker or its time is
// gone. One that ends within a round is never read.
func (r *Reconciler) runningDue(w *watch) bool {
	if !w.known {
		return r.now().Sub(w.first) >= reconcileEvery/2
	}
	return w.worker != "" && !r.lives(w.worker) || r.overdue(w)
}

func (r *Reconciler) overdue(w *watch) bool {
	return r.now().Sub(w.first) >= w.budget+deadlineGrace
}

// running ends a running activation whose worker is lost or whose time is up.
func (r *Reconciler) running(ctx context.Context, w *watch, record *store.Record) error {
	if record.State != core.StateRunning {
		return nil
	}
	w.known, w.worker = true, record.Worker
	w.budget = max(0, record.Deadline.Sub(record.Claimed))
	switch {
	case record.Worker != "" && !r.lives(record.Worker):
		return r.bereaved(ctx, record)
	case !r.overdue(w):
		return nil
	case record.Worker == "":
		full, err := r.plane.db.Activation(ctx, record.Ref)
		if err != nil {
			return err
		}
		return r.plane.endSaying(ctx, full, core.ReasonDeadline, overdue(full))
	}
	if err := r.plane.db.AskCancel(ctx, &record.Activation); err != nil {
		return err
	}
	return r.plane.end(ctx, record, core.ReasonDeadline)
}

// bereaved decides on an activation whose worker is lost. What was not sent
// had no effect and runs again; what was sent may have had, and runs again
// only if the action says that it may.
func (r *Reconciler) bereaved(ctx context.Context, record *store.Record) error {
	a := &record.Activation
	r.plane.log.Warn("worker lost", "namespace", a.Namespace, "activation", a.ID, "worker", a.Worker)
	switch {
	case record.Cancelled:
		return r.plane.end(ctx, record, core.ReasonCancelled)
	case a.Losses+1 >= maxLosses:
		return r.plane.end(ctx, record, core.ReasonPoison)
	case a.Sent && a.Attempt >= a.Retry.Attempts:
		return r.plane.end(ctx, record, core.ReasonWorkerLost)
	}
	return r.plane.giveBack(ctx, a, true)
}

// queuedDue says whether a queued activation needs to be looked at: it has
// waited for a while since it was looked at last.
func (r *Reconciler) queuedDue(w *watch) bool {
	wait, since := requeueAgain, w.acted
	if w.acted.IsZero() {
		wait, since = requeueAfter, w.first
	}
	if w.known && w.worker != "" && !r.lives(w.worker) {
		wait = 0
	}
	return r.now().Sub(since) >= wait
}

// queued makes sure that a queued activation has a task in a queue that is
// served, or ends it when it has waited longer than it may.
func (r *Reconciler) queued(ctx context.Context, w *watch, record *store.Record) error {
	if record.State != core.StateQueued {
		return nil
	}
	if record.Cancelled { // whoever gave it back did not live to end it
		return r.plane.end(ctx, record, core.ReasonCancelled)
	}
	w.known = true
	if token, own := strings.CutPrefix(record.Queue, store.WorkerQueues); own && r.lives(token) {
		w.worker = token
	} else {
		w.worker = ""
	}
	if record.MaxAge > 0 && r.now().Sub(w.first) > record.MaxAge {
		return r.plane.end(ctx, record, core.ReasonExpired)
	}
	return r.place(ctx, record)
}

// logging shows an activation whose logs did not come.
func (r *Reconciler) logging(ctx context.Context, _ *watch, record *store.Record) error {
	line := fmt.Sprintf("%-30s %s: %s", time.Now().UTC().Format("2006-01-02T15:04:05.000000000Z"), "stderr",
		"There was an issue while collecting your logs. Data might be missing.")
	return r.plane.AddLogs(ctx, &record.Activation, []string{line})
}

// resume makes the moves of a sequence that its process did not live to make.
func (r *Reconciler) resume(ctx context.Context, _ *watch, record *store.Record) error {
	return r.plane.advance(ctx, record.Ref)
}
