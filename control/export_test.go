package control

import (
	"context"
	"time"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

// SetNow gives the reconciler another clock.
func (r *Reconciler) SetNow(now func() time.Time) { r.now, r.crew.now = now, now }

// AcceptOnly is Invoke by a process that dies right after.
func (p *Plane) AcceptOnly(ctx context.Context, call Call) (core.ActivationID, error) {
	c, err := p.prepare(ctx, call)
	if err != nil {
		return "", err
	}
	return c.Activation.ID, p.accept(ctx, []store.Creation{c})
}
