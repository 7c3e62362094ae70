package control

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/hearth-faas/hearth/store"
)

// lives says whether the worker process does. One that nobody has heard of
// gets the time that a silent one gets, unless another has its place.
func (r *Reconciler) lives(token string) bool {
	if r.census.live[token] {
		delete(r.absent, token)
		return true
	}
	for _, w := range r.census.dead {
		if w.Token() == token {
			return false
		}
	}
	if r.census.ids[workerOf(token)] {
		return false
	}
	since, ok := r.absent[token]
	if !ok {
		since = r.now()
		r.absent[token] = since
	}
	return r.now().Sub(since) < lostAfter
}

// silent says whether the worker process is one whose beat stands still, and
// which is not forgotten yet: it may come back.
func (r *Reconciler) silent(token string) bool {
	return slices.ContainsFunc(r.census.dead, func(w store.Worker) bool { return w.Token() == token })
}

// workerOf returns the id of the worker whose process has the token.
func workerOf(token string) string {
	if i := strings.LastIndexByte(token, '.'); i >= 0 {
		return token[:i]
	}
	return token
}

// retire removes what lost workers leave: their heartbeats, and the queues of
// processes that are gone. Their activations have been enqueued elsewhere by
// then, or will be, since their queue is not that of a live worker.
func (r *Reconciler) retire(ctx context.Context) error {
	queues, err := r.plane.tasks.Queues(ctx)
	if err != nil {
		return err
	}
	now := r.now()
	gone := map[string]time.Time{}
	for _, q := range queues {
		token, ok := strings.CutPrefix(q, store.WorkerQueues)
		if !ok || r.lives(token) {
			continue
		}
		since, ok := r.lost[q]
		if !ok {
			since = now
		}
		gone[q] = since
		if now.Sub(since) >= retireAfter {
			if err := r.plane.tasks.Retire(ctx, q); err != nil {
				return err
			}
		}
	}
	r.lost = gone
	for _, w := range r.census.dead {
		if since, ok := gone[w.Queue()]; ok && now.Sub(since) < retireAfter {
			continue
		}
		if err := r.plane.db.RemoveWorker(ctx, w); err != nil {
			return err
		}
	}
	return r.dropShares(ctx)
}

// dropShares forgets the replicas of worker processes that are gone. Nobody
// has been sent to them since they were lost.
func (r *Reconciler) dropShares(ctx context.Context) error {
	functions, err := r.plane.db.Deployed(ctx)
	if err != nil {
		return err
	}
	known := map[string]map[string][]store.Share{}
	for _, a := range functions {
		ns := a.Name.Namespace
		if known[ns] == nil {
			if known[ns], err = r.plane.db.Shares(ctx, ns); err != nil {
				return err
			}
		}
		var gone []string
		for _, s := range known[ns][a.Name.Local()] {
			if !r.lives(s.Worker) && !r.silent(s.Worker) {
				gone = append(gone, s.Worker)
			}
		}
		if err := r.plane.db.DropShares(ctx, a.Name, gone...); err != nil {
			return err
		}
	}
	return nil
}
