package control

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

// Between two tries of a claim whose answer did not come.
const (
	claimFirst = 50 * time.Millisecond
	claimMost  = time.Second
)

// Start claims a queued activation for a worker process, named by its token
// (store.Worker): queued to running, attempt raised, deadline set, and marked
// as sent (see NotSent). It returns the activation with Input and Env.
// KindConflict: it is not queued (any more), so the task has nothing left to
// do. KindNotFound: there is no such record.
//
// While Redis does not answer, Start asks again until ctx ends: the claim may
// have been made and only its answer lost, and an activation that runs in the
// name of a worker that does not know of it would wait for its deadline.
//
// The Deadline of what it returns is by the clock of this process, however far
// that is from Redis': a worker whose clock is wrong or jumps keeps to it.
func (p *Plane) Start(ctx context.Context, ref core.Ref, worker string) (*core.Activation, error) {
	claim, asked := rand.Text(), time.Now()
	r, expired, err := p.db.Claim(ctx, ref, worker, claim)
	for wait := claimFirst; core.KindOf(err) == core.KindUnavailable && err != nil && ctx.Err() == nil; wait = min(2*wait, claimMost) {
		pause(ctx, wait)
		r, expired, err = p.db.Claim(ctx, ref, worker, claim)
	}
	if err != nil {
		return nil, err
	}
	if !expired {
		r.Deadline = asked.Add(r.Deadline.Sub(r.Claimed))
		return &r.Activation, nil
	}
	if r, err = p.db.Activation(ctx, ref); err != nil {
		return nil, err
	}
	if err := p.end(ctx, r, core.ReasonExpired); err != nil {
		return nil, err
	}
	return nil, core.Errorf(core.KindConflict, "The activation has expired.")
}

// NotSent takes back the mark that /run was sent: the worker calls it when it
// needs a cold start, and Sent again before it sends. A worker that dies with
// an unsent activation gives it back to the queue, one that dies with a sent
// activation ends it, since it may have had effects. Marking as sent by
// default keeps the warm path at one round trip and errs on the safe side.
func (p *Plane) NotSent(ctx context.Context, a *core.Activation) error {
	return p.db.SetSent(ctx, a, false)
}

// Sent marks that /run is about to be sent. KindConflict: this attempt has
// been taken away, do not send.
func (p *Plane) Sent(ctx context.Context, a *core.Activation) error {
	return p.db.SetSent(ctx, a, true)
}

// Requeue gives a claimed, unsent activation back to the queue that all
// workers serve, as a worker does that shuts down or has no room.
func (p *Plane) Requeue(ctx context.Context, a *core.Activation) error {
	return p.giveBack(ctx, a, false)
}

// Finish ends the attempt of a: running to done, once; result, indexes,
// counters, TTL, wakes who waits, starts the next step of a sequence. An
// outcome without logs (nil) is shown in lists once AddLogs is called.
// One that failed and is to run again is queued instead, and a.State says so.
// Repeating it is harmless. KindConflict: a later attempt owns it, or it has
// ended otherwise; the outcome was dropped.
func (p *Plane) Finish(ctx context.Context, a *core.Activation, out core.Outcome) error {
	if out.Start.IsZero() {
		out.Start = time.Now()
	}
	if again, err := p.again(ctx, a, out); again || err != nil {
		return err
	}
	out.Attempts = runs(a)
	p.settle(a, out)
	parent, err := p.db.Finish(ctx, a, out, p.opt.Retention)
	if err != nil {
		return err
	}
	p.ended(a, out)
	p.resume(ctx, core.Ref{Namespace: a.Namespace, ID: parent})
	return nil
}

// AddLogs stores the log lines of a finished activation, which makes it
// visible in lists.
func (p *Plane) AddLogs(ctx context.Context, a *core.Activation, lines []string) error {
	if a.State == core.StateQueued {
		return nil // it runs again: the logs are those of its last run
	}
	return p.db.AddLogs(ctx, a, lines, p.opt.Retention)
}

// Record keeps an activation that is done and was never queued: one that was
// called directly, or that could not run. a.Outcome holds how it ended, logs
// included. Repeating it is harmless.
func (p *Plane) Record(ctx context.Context, a *core.Activation) error {
	if a.Outcome.Logs == nil {
		a.Outcome.Logs = []string{}
	}
	return p.db.Keep(ctx, a, p.opt.Retention)
}

// end finishes an activation that no worker will, in the state it is in.
func (p *Plane) end(ctx context.Context, r *store.Record, reason core.Reason) error {
	return p.endSaying(ctx, r, reason, sentence(reason))
}

func (p *Plane) endSaying(ctx context.Context, r *store.Record, reason core.Reason, text string) error {
	result := failure(text)
	out := core.Outcome{Status: core.StatusInternalError, Reason: reason, Result: result, Size: len(result)}
	parent, err := p.endNow(ctx, r, out)
	if err != nil {
		return err
	}
	p.resume(ctx, core.Ref{Namespace: r.Namespace, ID: parent})
	return nil
}

// endNow completes the outcome by what is known of the activation.
func (p *Plane) endNow(ctx context.Context, r *store.Record, out core.Outcome) (core.ActivationID, error) {
	if r.Progress != nil && r.State == core.StateRunning {
		pg, _ := decodeProgress(r) // an unreadable one ends too
		return p.endParent(ctx, r, pg, &out)
	}
	now := time.Now()
	out.Start, out.End, out.Logs = now, now, []string{}
	a := r.Activation
	if out.Attempts = runs(&a); r.State == core.StateQueued {
		out.Attempts = a.Retries
	}
	p.settle(&a, out)
	if r.State == core.StateQueued {
		a.Kind = core.KindUnknown
		parent, err := p.db.FinishAs(ctx, &a, out, nil, p.opt.Retention)
		if err == nil {
			p.ended(&a, out)
		}
		return parent, err
	}
	if started := r.Claimed; !started.IsZero() && started.Before(now) {
		out.Start, out.Duration = started, now.Sub(started)
	}
	parent, err := p.db.Finish(ctx, &a, out, p.opt.Retention)
	if err == nil {
		p.ended(&a, out)
	}
	return parent, err
}

// sentence says to the caller why the platform ended an activation.
func sentence(reason core.Reason) string {
	switch reason {
	case core.ReasonWorkerLost:
		return "The worker was lost while it ran the action."
	case core.ReasonDeadline:
		return "The action did not end in time."
	case core.ReasonPoison:
		return "The action was abandoned: several workers were lost while they ran it."
	case core.ReasonExpired:
		return "The activation waited too long to be run."
	case core.ReasonCancelled:
		return "The activation was cancelled."
	case core.ReasonNone, core.ReasonPlatform:
	}
	return "Failed to provision resources to run the action."
}
