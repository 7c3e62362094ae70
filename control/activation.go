package control

import (
	"context"
	"time"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

// ActivationQuery selects activations of a namespace.
type ActivationQuery struct {
	Page
	// Name is "x" for actions outside packages and triggers, "pkg/x" for a
	// packaged action or one reached through the binding pkg; "" for all.
	Name string
	// Since and Upto bound the start, inclusive; zero for no bound.
	Since, Upto time.Time
	// Docs asks for results and logs too.
	Docs bool
}

func (q ActivationQuery) selection() store.Selection {
	limit := q.Limit
	if limit <= 0 || limit > core.MaxList {
		limit = core.MaxList
	}
	return store.Selection{Name: q.Name, Since: q.Since, Upto: q.Upto, Skip: q.Skip, Limit: limit, Docs: q.Docs}
}

// How a reader waits for the logs of an activation that is done: they come
// within two seconds of its end, or not at all.
const (
	logsFirst = 5 * time.Millisecond
	logsMost  = 3 * time.Second
)

// Activation returns one record of the caller's namespace that is done and
// has its logs, for which it waits. KindNotFound covers those that are not
// done, and those that were not to be stored.
func (p *Plane) Activation(ctx context.Context, who core.Subject, id core.ActivationID) (*core.Activation, error) {
	r, err := p.db.Activation(ctx, core.Ref{Namespace: who.Namespace.Name, ID: id})
	if err != nil {
		return nil, err
	}
	for wait, end := logsFirst, time.Now().Add(logsMost); r.State == core.StateDone && !r.Visible && !r.Unstored; wait = min(2*wait, 20*logsFirst) {
		if ctx.Err() != nil || time.Now().After(end) {
			break
		}
		pause(ctx, wait)
		if r, err = p.db.Activation(ctx, r.Ref); err != nil {
			return nil, err
		}
	}
	if !r.Visible {
		return nil, core.Errorf(core.KindNotFound, "The requested resource does not exist.")
	}
	return &r.Activation, nil
}

// Activations lists records, newest start first.
func (p *Plane) Activations(ctx context.Context, who core.Subject, q ActivationQuery) ([]core.Activation, error) {
	list, bad, err := p.db.Activations(ctx, who.Namespace.Name, q.selection())
	if bad > 0 {
		p.log.Error("activation records cannot be read", "namespace", who.Namespace.Name, "count", bad)
	}
	return list, err
}

// CountActivations counts what Activations would list without a limit.
func (p *Plane) CountActivations(ctx context.Context, who core.Subject, q ActivationQuery) (int, error) {
	n, err := p.db.CountActivations(ctx, who.Namespace.Name, q.selection())
	return max(0, n-q.Skip), err
}

// Counts returns how many activations of a namespace were accepted, are
// queued, are running and are done. Its Drift must be 0.
func (p *Plane) Counts(ctx context.Context, namespace string) (store.Counts, error) {
	return p.db.Counts(ctx, namespace)
}
