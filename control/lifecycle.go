package control

import (
	"context"

	"github.com/hearth-faas/hearth/core"
)

// Start claims a queued activation for a worker: queued to running, attempt
// raised, deadline set, and marked as sent (see NotSent). It returns the
// activation with Input and Env. KindConflict: it is not queued (any more),
// so the task has nothing left to do. KindNotFound: there is no such record.
func (p *Plane) Start(ctx context.Context, ref core.Ref, worker string) (*core.Activation, error) {
	panic("unwritten")
}

// NotSent takes back the mark that /run was sent: the worker calls it when it
// needs a cold start, and Sent again before it sends. A worker that dies with
// an unsent activation gives it back to the queue, one that dies with a sent
// activation ends it, since it may have had effects. Marking as sent by
// default keeps the warm path at one round trip and errs on the safe side.
func (p *Plane) NotSent(ctx context.Context, a *core.Activation) error { panic("unwritten") }

// Sent marks that /run is about to be sent. KindConflict: this attempt has
// been taken away, do not send.
func (p *Plane) Sent(ctx context.Context, a *core.Activation) error { panic("unwritten") }

// Requeue gives a claimed, unsent activation back to the queue, as a worker
// does that shuts down or has no room.
func (p *Plane) Requeue(ctx context.Context, a *core.Activation) error { panic("unwritten") }

// Finish ends the attempt of a: running to done, once; result, indexes,
// counters, TTL, wakes who waits, starts the next step of a sequence.
// Repeating it is harmless. KindConflict: a later attempt owns it, the
// outcome was dropped.
func (p *Plane) Finish(ctx context.Context, a *core.Activation, out core.Outcome) error {
	panic("unwritten")
}

// AddLogs stores the log lines of a finished activation, which makes it
// visible in lists.
func (p *Plane) AddLogs(ctx context.Context, a *core.Activation, lines []string) error {
	panic("unwritten")
}

// Cancel ends a queued activation at once, and asks the worker of a running
// one to kill it. It reports KindConflict for a done one.
func (p *Plane) Cancel(ctx context.Context, who core.Subject, id core.ActivationID) error {
	panic("unwritten")
}
