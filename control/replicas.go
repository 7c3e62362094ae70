package control

import (
	"context"

	"github.com/hearth-faas/hearth/core"
)

// ReadyReplicas returns how many replicas of each function of the caller's
// take calls, on workers that live, by name; functions without any are absent.
func (p *Plane) ReadyReplicas(ctx context.Context, who core.Subject) (map[string]int, error) {
	shares, err := p.db.Shares(ctx, who.Namespace.Name)
	if err != nil || len(shares) == 0 {
		return nil, err
	}
	hands, err := p.Hands(ctx)
	if err != nil {
		return nil, err
	}
	live := map[string]bool{}
	for _, h := range hands {
		live[h.Token()] = h.Lives
	}
	ready := make(map[string]int, len(shares))
	for local, list := range shares {
		for _, s := range list {
			if live[s.Worker] {
				ready[local] += s.Ready
			}
		}
	}
	return ready, nil
}
