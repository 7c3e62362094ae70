package control

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/queue"
	"github.com/hearth-faas/hearth/store"
)

const (
	reconcileEvery = time.Second
	// reconcileLease is how long the lease lasts, and renewAfter how old it
	// may be before it is renewed.
	reconcileLease = 5 * time.Second
	renewAfter     = 1500 * time.Millisecond
	// scanMost is how many members of each set of a namespace one round sees.
	scanMost = 1000
	// deadlineGrace is what a running attempt gets beyond its budget: its own
	// worker is to end it first.
	deadlineGrace = 10 * time.Second
	// requeueAfter is how long an activation is left queued before its task is
	// put into its queue once more, and how often that is repeated. A task
	// that waits there makes it a no-op.
	requeueAfter = 3 * time.Second
	requeueAgain = 15 * time.Second
	// logsAfter is how long logs are awaited of an activation that has ended.
	logsAfter = 30 * time.Second
	// forgetAfter is how long an id may stay without a readable record.
	forgetAfter = time.Minute
	// quietRounds is after how many rounds a namespace in which nothing happens
	// is looked at again, and then watched no more.
	quietRounds = 300
	// retireAfter is how long a lost worker is remembered. Other workers remove
	// its containers once it is not, which is to be within a minute of its end.
	retireAfter = 20 * time.Second
	// retireEvery is how many rounds lie between two looks for what to retire.
	retireEvery = 10
	// maxLosses is how many workers may die with an activation.
	maxLosses = 3
)

// Reconciler ends or requeues what a crash left behind: activations of lost
// workers, overdue ones, queued ones without a task, sequences between two
// steps. Any number may run; the one that holds the lease works.
//
// It judges time by how long it has watched, on its own clock, so that a
// clock that is set, here or in Redis, makes nothing overdue and nobody lost.
type Reconciler struct {
	plane *Plane
	name  string
	crew  *roster
	now   func() time.Time
	seen  map[watched]*watch
	lost  map[string]time.Time // queues of worker processes that do not live
	down  bool
	held  time.Time // when the lease was last had; zero if it was not

	census census
	quiet  map[string]quietness // namespaces with nothing pending
	absent map[string]time.Time // tokens that are not in the census, since when
}

// quietness is since when nothing happens in a namespace: its number among
// the busy ones, and the round; wake is when something will again, if that is
// known.
type quietness struct {
	number float64
	round  int
	wake   time.Time
}

// rests says whether nothing can have happened in the namespace that it is of.
func (q quietness) rests(round int, now time.Time) bool {
	return round-q.round < quietRounds && (q.wake.IsZero() || now.Before(q.wake))
}

// watched is one stay of an activation in one set.
type watched struct {
	set       string
	namespace string
	mark      store.Mark
}

// watch is what is known of it.
type watch struct {
	first  time.Time
	acted  time.Time // when something was last done about it
	round  int
	known  bool // the following were read
	worker string
	budget time.Duration
}

// Reconciler returns one that works through the plane. name is the name of
// the process, as it appears in the lease.
func (p *Plane) Reconciler(name string) *Reconciler {
	return &Reconciler{
		plane: p, name: name, now: time.Now, crew: newRoster(p.db, p.tasks),
		seen: map[watched]*watch{}, lost: map[string]time.Time{}, absent: map[string]time.Time{}, quiet: map[string]quietness{},
	}
}

// Run reconciles once a second while it holds the lease, until ctx ends, and
// returns nil.
func (r *Reconciler) Run(ctx context.Context) error {
	tick := time.NewTicker(reconcileEvery)
	defer tick.Stop()
	for round := 1; ; round++ {
		r.turn(ctx, round)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// turn is one round, if this process has the lease.
func (r *Reconciler) turn(ctx context.Context, round int) {
	mine, err := r.lead(ctx)
	if err == nil && !mine {
		clear(r.seen) // what was seen before another took over proves nothing
		return
	}
	if err == nil {
		err = r.Once(ctx, round)
	}
	switch {
	case err == nil || ctx.Err() != nil:
		r.down = false
	case !r.down:
		r.down = true
		r.plane.log.Warn("reconciler does not get on", "err", err)
	}
}

// lead says whether this process has the lease, and renews it in time. Two
// that believe to have it for a moment do no harm: every write is fenced.
func (r *Reconciler) lead(ctx context.Context) (bool, error) {
	now := r.now()
	if !r.held.IsZero() && now.Sub(r.held) < renewAfter {
		return true, nil
	}
	mine, err := r.plane.db.Lease(ctx, "reconcile", r.name, reconcileLease)
	r.held = time.Time{}
	if mine && err == nil {
		r.held = now
	}
	return mine, err
}

// Once makes one round over all busy namespaces. round must rise with each.
func (r *Reconciler) Once(ctx context.Context, round int) (err error) {
	if r.census, err = r.crew.muster(ctx); err != nil {
		return err
	}
	names, err := r.plane.db.Busy(ctx)
	if err != nil {
		return err
	}
	var failed error
	for ns, number := range names {
		// The trouble of one namespace is not that of the others.
		if err := r.visit(ctx, ns, number, round); err != nil {
			failed = err
		}
	}
	for key, w := range r.seen {
		if w.round != round {
			delete(r.seen, key)
		}
	}
	if failed != nil || round%retireEvery != 0 {
		return failed
	}
	return r.retire(ctx)
}

// visit looks at a namespace, unless nothing was pending in it and it has
// accepted nothing since.
func (r *Reconciler) visit(ctx context.Context, ns string, number float64, round int) error {
	quiet, ok := r.quiet[ns]
	ok = ok && quiet.number == number
	if ok && quiet.rests(round, r.now()) {
		return nil
	}
	pending, err := r.plane.db.Pending(ctx, ns, scanMost)
	if err != nil {
		return err
	}
	future, first, due := awaited(pending)
	if err := r.release(ctx, ns, due); err != nil {
		return err
	}
	pending.Queued = slices.DeleteFunc(pending.Queued, func(m store.Mark) bool { return future[m.ID] })
	switch {
	case len(pending.Running)+len(pending.Queued)+len(pending.Logging)+len(pending.Resume)+len(due) > 0:
		delete(r.quiet, ns)
		return r.namespace(ctx, ns, pending, round)
	case len(future) > 0:
		r.quiet[ns] = quietness{number, round, r.now().Add(first)}
		return nil
	case ok:
		delete(r.quiet, ns)
		return r.plane.db.Idle(ctx, ns, number)
	}
	r.quiet[ns] = quietness{number: number, round: round}
	return nil
}

func (r *Reconciler) namespace(ctx context.Context, ns string, pending store.Pending, round int) error {
	for _, set := range []struct {
		name  string
		marks []store.Mark
		check func(context.Context, *watch, *store.Record) error
		due   func(*watch) bool
	}{
		{"running", pending.Running, r.running, r.runningDue},
		{"queued", pending.Queued, r.queued, r.queuedDue},
		{"logging", pending.Logging, r.logging, r.after(logsAfter)},
		{"resume", pending.Resume, r.resume, r.after(reconcileEvery)},
	} {
		due := map[core.ActivationID]*watch{}
		var ids []core.ActivationID
		for _, mark := range set.marks {
			w := r.watch(watched{set.name, ns, mark}, round)
			if set.due(w) {
				due[mark.ID] = w
				ids = append(ids, mark.ID)
			}
		}
		if err := r.check(ctx, ns, ids, due, set.check); err != nil {
			return err
		}
	}
	return nil
}

// check reads the records that are due and does what each needs.
func (r *Reconciler) check(ctx context.Context, ns string, ids []core.ActivationID, due map[core.ActivationID]*watch,
	do func(context.Context, *watch, *store.Record) error) error {
	if len(ids) == 0 {
		return nil
	}
	list, _, err := r.plane.db.Records(ctx, ns, ids)
	if err != nil {
		return err
	}
	for _, record := range list {
		w := due[record.ID]
		delete(due, record.ID)
		w.acted = r.now()
		err := do(ctx, w, record)
		switch core.KindOf(err) {
		case core.KindUnavailable:
			return err
		case core.KindConflict, core.KindNotFound: // it moved on by itself
		default:
			if err != nil {
				r.plane.log.Error("activation not reconciled", "namespace", ns, "activation", record.ID, "err", err)
			}
		}
	}
	for id, w := range due { // no record, or none that can be read
		if r.now().Sub(w.first) < forgetAfter {
			continue
		}
		r.plane.log.Error("activation forgotten, its record is gone or unreadable", "namespace", ns, "activation", id)
		if err := r.plane.db.Forget(ctx, core.Ref{Namespace: ns, ID: id}); err != nil {
			return err
		}
	}
	return nil
}

func (r *Reconciler) watch(key watched, round int) *watch {
	w, ok := r.seen[key]
	if !ok {
		w = &watch{first: r.now()}
		r.seen[key] = w
	}
	w.round = round
	return w
}

func (r *Reconciler) after(d time.Duration) func(*watch) bool {
	return func(w *watch) bool { return r.now().Sub(w.first) >= d }
}

// place puts a task for a queued activation where it will be found.
func (r *Reconciler) place(ctx context.Context, record *store.Record) error {
	a := &record.Activation
	token, own := strings.CutPrefix(a.Queue, store.WorkerQueues)
	if a.Queue == "" || own && !r.lives(token) {
		moved, err := r.plane.db.Move(ctx, a, queue.Overflow)
		if err != nil || !moved {
			return err
		}
		a.Queue = queue.Overflow
	}
	return r.plane.tasks.Restore(ctx, queue.Task{Ref: a.Ref, Queue: a.Queue, Attempt: a.Attempt})
}
