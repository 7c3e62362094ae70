package control

import (
	"context"
	"time"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

// oldSecret is for how long a secret that was replaced signs as well.
const oldSecret = 24 * time.Hour

// Callbacks lists deliveries of the caller's namespace without result and
// payload: pending ones in the order of their next attempt, dead ones or, with
// no state, all, latest first.
func (p *Plane) Callbacks(ctx context.Context, who core.Subject, state core.DeliveryState, page Page) ([]core.Delivery, error) {
	return p.db.Deliveries(ctx, who.Namespace.Name, state, page.Skip, page.limit())
}

// Callback returns one delivery of the caller's namespace. KindNotFound.
func (p *Plane) Callback(ctx context.Context, who core.Subject, id string) (*core.Delivery, error) {
	return p.db.Delivery(ctx, who.Namespace.Name, id)
}

// RedriveCallback has a delivery that was given up attempted again.
// KindConflict when it was not, KindNotFound.
func (p *Plane) RedriveCallback(ctx context.Context, who core.Subject, id string) error {
	return p.db.Redrive(ctx, who.Namespace.Name, id)
}

// PurgeCallback deletes a delivery; one that is pending is not attempted any
// more. KindNotFound.
func (p *Plane) PurgeCallback(ctx context.Context, who core.Subject, id string) error {
	return p.db.PurgeDelivery(ctx, who.Namespace.Name, id)
}

// RedriveCallbacks has all deliveries that were given up attempted again, and
// returns how many there were.
func (p *Plane) RedriveCallbacks(ctx context.Context, who core.Subject) (int, error) {
	return p.eachDead(ctx, who, p.db.Redrive)
}

// PurgeCallbacks deletes all deliveries that were given up, and returns how
// many there were.
func (p *Plane) PurgeCallbacks(ctx context.Context, who core.Subject) (int, error) {
	return p.eachDead(ctx, who, p.db.PurgeDelivery)
}

// eachDead calls do for the dead deliveries that there are when it begins.
func (p *Plane) eachDead(ctx context.Context, who core.Subject, do func(ctx context.Context, ns, id string) error) (int, error) {
	ids, err := p.db.DeadDeliveries(ctx, who.Namespace.Name)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, id := range ids {
		err := do(ctx, who.Namespace.Name, id)
		switch core.KindOf(err) {
		case core.KindConflict, core.KindNotFound: // somebody else did it, or its time was over
			continue
		}
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// SigningSecret returns what the callbacks of the caller's namespace are
// signed with.
func (p *Plane) SigningSecret(ctx context.Context, who core.Subject) (store.Signing, error) {
	return p.db.SigningSecret(ctx, who.Namespace.Name)
}

// RotateSigningSecret replaces it. For a day, the old one signs as well.
func (p *Plane) RotateSigningSecret(ctx context.Context, who core.Subject) (store.Signing, error) {
	return p.db.RotateSigning(ctx, who.Namespace.Name, oldSecret)
}
