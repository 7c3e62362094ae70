package control

import (
	"context"

	"github.com/hearth-faas/hearth/core"
)

// Authenticate returns who holds the credentials; KindUnauthenticated for
// unknown, wrong and blocked ones alike. Answers are cached for seconds.
func (p *Plane) Authenticate(ctx context.Context, c core.Credentials) (core.Subject, error) {
	panic("unwritten")
}

// Owner returns the identity of a namespace itself, for calls that are
// charged to it without its key (web actions, triggers). KindNotFound.
func (p *Plane) Owner(ctx context.Context, namespace string) (core.Subject, error) {
	panic("unwritten")
}

// Quota returns the effective rates, the limit range and the quota of a
// namespace.
func (p *Plane) Quota(ctx context.Context, who core.Subject) (core.Rates, core.LimitRange, core.Quota, error) {
	panic("unwritten")
}
