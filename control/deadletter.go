package control

import (
	"context"
	"slices"
	"time"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

// DeadLetterQuery selects dead letters of a namespace.
type DeadLetterQuery struct {
	Page
	// Name is "x" or "pkg/x", as of the action; "" for all.
	Name string
	// Reason is why it ended; "" for all.
	Reason core.Reason
	// Since and Upto bound the end, inclusive; zero for no bound.
	Since, Upto time.Time
}

func (q DeadLetterQuery) takes(a *core.Activation) bool {
	return (q.Name == "" || q.Name == a.Action.Local()) && (q.Reason == "" || q.Reason == a.Outcome.Reason)
}

// DeadLetters lists the activations that ended because the platform failed and
// that were neither redriven nor purged, latest end first, without their
// input. Steps of sequences are not among them: the whole is.
func (p *Plane) DeadLetters(ctx context.Context, who core.Subject, q DeadLetterQuery) ([]core.Activation, error) {
	ns, limit := who.Namespace.Name, q.limit()
	list := make([]core.Activation, 0, limit)
	for skip := 0; ; skip += core.MaxList {
		ids, err := p.db.DeadLetters(ctx, ns, q.Since, q.Upto, skip, core.MaxList)
		if err != nil {
			return nil, err
		}
		records, _, err := p.db.Records(ctx, ns, ids)
		if err != nil {
			return nil, err
		}
		records = slices.DeleteFunc(records, func(r *store.Record) bool {
			return r.State != core.StateDone || !r.Outcome.Dead() || !q.takes(&r.Activation)
		})
		dropped := min(q.Skip, len(records))
		q.Skip -= dropped
		for _, r := range records[dropped:] {
			if list = append(list, r.Activation); len(list) == limit {
				return list, nil
			}
		}
		if len(ids) < core.MaxList {
			return list, nil
		}
	}
}

// DeadLetter returns one dead letter, with the input that it had. KindNotFound
// for what is none.
func (p *Plane) DeadLetter(ctx context.Context, who core.Subject, id core.ActivationID) (*core.Activation, error) {
	r, err := p.db.DeadLetter(ctx, core.Ref{Namespace: who.Namespace.Name, ID: id})
	if err != nil {
		return nil, err
	}
	if r.Redriven != "" {
		return nil, core.Errorf(core.KindNotFound, "The requested resource does not exist.")
	}
	return &r.Activation, nil
}

// Redrive runs the action of a dead letter once more, as it is now and with the
// input that it had, and takes the letter off the list. The new activation
// says of which it is a redrive. A letter is redriven once: asked again,
// Redrive returns the same id. KindNotFound: it is no dead letter, or its
// action is gone.
func (p *Plane) Redrive(ctx context.Context, who core.Subject, apiKey string, id core.ActivationID, transactionID string) (core.ActivationID, error) {
	r, err := p.db.DeadLetter(ctx, core.Ref{Namespace: who.Namespace.Name, ID: id})
	if err != nil {
		return "", err
	}
	if r.Redriven != "" {
		return r.Redriven, nil
	}
	name := r.Action
	if !r.Binding.IsZero() {
		name = core.Name{Namespace: r.Binding.Namespace, Package: r.Binding.Name, Name: r.Action.Name}
	}
	target, err := p.Resolve(ctx, who, name)
	if err != nil {
		return "", err
	}
	call := Call{
		Subject: who, APIKey: apiKey, Target: target, TransactionID: transactionID,
		ID: derive(id, "redrive"), Priority: r.Priority,
	}
	if isParent(target.Action) {
		call.Payload = r.Input
	}
	c, err := p.prepare(ctx, call)
	if err != nil {
		return "", err
	}
	a := c.Activation
	a.RedriveOf = id
	if !isParent(target.Action) {
		a.Input, a.Env = r.Input, r.Env
	}
	// Not withdrawn after a failure: another redrive of the letter may have
	// found it.
	if err := p.enter(ctx, []store.Creation{c}, p.db.Redriving(ctx, r.Ref, a.ID)); err != nil {
		return "", err
	}
	p.begin(ctx, a)
	return a.ID, nil
}

// PurgeDeadLetters takes ids off the list of dead letters, and returns how many
// were on it. Their records stay for as long as they would have.
func (p *Plane) PurgeDeadLetters(ctx context.Context, who core.Subject, ids ...core.ActivationID) (int, error) {
	return p.db.PurgeDeadLetters(ctx, who.Namespace.Name, ids...)
}
