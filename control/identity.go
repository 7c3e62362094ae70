package control

import (
	"context"
	"crypto/sha256"
	"time"

	"github.com/hearth-faas/hearth/core"
)

// Identities are remembered for identityLife, which is how long a revoked key
// or a blocked namespace may still be let in, and a changed quota be unseen.
const (
	identityLife = 2 * time.Second
	identities   = 10_000
)

// credentialsDigest stands for credentials in memory, so that secrets do not
// stay there.
type credentialsDigest [sha256.Size]byte

// Authenticate returns who holds the credentials; KindUnauthenticated for
// unknown, wrong and blocked ones alike. Answers are cached for seconds.
func (p *Plane) Authenticate(ctx context.Context, c core.Credentials) (core.Subject, error) {
	return p.subjects.get(sha256.Sum256([]byte(c.String())), func() (core.Subject, error) {
		return p.db.Authenticate(ctx, c)
	})
}

// Owner returns the identity of a namespace itself, for calls that are
// charged to it without its key (web actions, triggers). KindNotFound, also
// for a blocked one.
func (p *Plane) Owner(ctx context.Context, namespace string) (core.Subject, error) {
	return p.owners.get(namespace, func() (core.Subject, error) {
		who, err := p.db.Owner(ctx, namespace)
		if err == nil && who.Namespace.Blocked {
			return core.Subject{}, core.Errorf(core.KindNotFound, "namespace %s is blocked", namespace)
		}
		return who, err
	})
}

// Quota returns the effective rates, the limit range and the quota of a
// namespace.
func (p *Plane) Quota(_ context.Context, who core.Subject) (core.Rates, core.LimitRange, core.Quota, error) {
	return p.opt.Rates.Of(who.Namespace.Quota), p.opt.Range, who.Namespace.Quota, nil
}
