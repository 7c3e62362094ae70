package control

import (
	"context"
	"fmt"
	"time"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/queue"
)

// Whereabouts says where an activation is in its life, at one moment.
type Whereabouts struct {
	State    core.State
	Accepted time.Time // of one that was delayed: when it was queued
	Due      time.Time // when a delayed one will be queued; zero for others
	Queue    string    // where its task is; empty when it is not queued
	Attempt  int       // how often a worker has claimed it
	Behind   int       // how many tasks wait before its own, about
	Worker   string    // who has it, if a worker does
	// Waiting is why it does not run yet, as a sentence; empty when it runs or
	// has ended.
	Waiting string
}

// Whereabouts tells of an activation of the caller's namespace in whatever
// state. KindNotFound when there is none.
func (p *Plane) Whereabouts(ctx context.Context, who core.Subject, id core.ActivationID) (Whereabouts, error) {
	r, err := p.db.Activation(ctx, core.Ref{Namespace: who.Namespace.Name, ID: id})
	if err != nil {
		return Whereabouts{}, err
	}
	w := Whereabouts{State: r.State, Accepted: r.Accepted, Due: r.Due, Attempt: r.Attempt, Worker: workerOf(r.Worker)}
	switch {
	case r.State == core.StateQueued && !r.Due.IsZero() && r.Retries > 0:
		w.Waiting = fmt.Sprintf("It has failed (runs: %d), and is tried again at %s.", r.Retries, r.Due.Format(time.RFC3339))
	case r.State == core.StateQueued && !r.Due.IsZero():
		w.Waiting = "It is delayed until " + r.Due.Format(time.RFC3339) + "."
	case r.State == core.StateQueued:
		w.Queue = r.Queue
		err = p.inQueue(ctx, &r.Activation, &w)
	case r.State == core.StateRunning && r.Worker != "" && !r.Sent:
		w.Waiting = forContainer(r.Waiting)
	}
	return w, err
}

// inQueue says what an activation waits for whose task is in a queue.
func (p *Plane) inQueue(ctx context.Context, a *core.Activation, w *Whereabouts) error {
	workers, err := p.Workers(ctx)
	if err != nil {
		return err
	}
	n, found, err := p.tasks.Behind(ctx, queue.Task{Ref: a.Ref, Queue: a.Queue, Attempt: a.Attempt})
	if err != nil {
		return err
	}
	w.Behind = n
	switch {
	case len(workers) == 0:
		w.Waiting = "No worker is there."
	case !found:
		w.Waiting = "A worker is about to take it, or it is far behind in its queue."
	default:
		w.Waiting = fmt.Sprintf("It waits for a worker, behind %d others.", n)
	}
	return nil
}

// forContainer says why a worker has no container for an activation yet, by
// the word that it has noted.
func forContainer(word string) string {
	switch word {
	case "start":
		return "It waits for a container that is being started."
	case "memory":
		return "It waits for memory: the containers of its worker use all that they may."
	case "instances":
		return "It waits for a container: the action has as many as its limit allows, and all are in use."
	case "others":
		return "It waits for a container that is in use and will soon be free."
	}
	return "It waits for a container: one is being started, or there is no memory for one."
}
