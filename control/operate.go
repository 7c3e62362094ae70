package control

import (
	"cmp"
	"context"
	"slices"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

// Hand is a worker as operators see it.
type Hand struct {
	store.Worker
	// Lives says that its heart beats; one whose does not is forgotten soon.
	Lives bool
}

// Healthy says whether the worker takes new work.
func (h Hand) Healthy() bool { return h.Lives && !h.Drains }

// Hands returns all workers that have not been forgotten, by id, read anew.
func (p *Plane) Hands(ctx context.Context) ([]Hand, error) {
	r := p.crew
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.meet(ctx); err != nil {
		return nil, err
	}
	hands := make([]Hand, len(r.workers))
	for i, w := range r.workers {
		hands[i] = Hand{Worker: w, Lives: r.lives(w)}
	}
	slices.SortFunc(hands, func(a, b Hand) int { return cmp.Compare(a.ID, b.ID) })
	return hands, nil
}

// Active returns the activations of all namespaces that are queued or running,
// at most as many of each namespace and state as most says.
func (p *Plane) Active(ctx context.Context, most int) ([]core.Activation, error) {
	names, err := p.db.BusyNamespaces(ctx)
	if err != nil {
		return nil, err
	}
	var active []core.Activation
	for _, namespace := range names {
		pending, err := p.db.Pending(ctx, namespace, most)
		if err != nil {
			return nil, err
		}
		var ids []core.ActivationID
		for _, mark := range append(pending.Running, pending.Queued...) {
			ids = append(ids, mark.ID)
		}
		records, _, err := p.db.Records(ctx, namespace, ids) // unreadable ones are the reconciler's business
		if err != nil {
			return nil, err
		}
		for _, r := range records {
			if r.State != core.StateDone { // since it was listed
				active = append(active, r.Activation)
			}
		}
	}
	return active, nil
}

// CountActive counts the activations of all namespaces that are queued or
// running.
func (p *Plane) CountActive(ctx context.Context) (int, error) {
	names, err := p.db.BusyNamespaces(ctx)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, namespace := range names {
		counts, err := p.db.Counts(ctx, namespace)
		if err != nil {
			return 0, err
		}
		n += counts.Queued + counts.Running
	}
	return n, nil
}
