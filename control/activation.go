package control

import (
	"context"
	"time"

	"github.com/hearth-faas/hearth/core"
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

// Activation returns one record of the caller's namespace that is done.
// KindNotFound covers those that are not done yet.
func (p *Plane) Activation(ctx context.Context, who core.Subject, id core.ActivationID) (*core.Activation, error) {
	panic("unwritten")
}

// Activations lists records, newest start first.
func (p *Plane) Activations(ctx context.Context, who core.Subject, q ActivationQuery) ([]core.Activation, error) {
	panic("unwritten")
}

// CountActivations counts what Activations would list without a limit.
func (p *Plane) CountActivations(ctx context.Context, who core.Subject, q ActivationQuery) (int, error) {
	panic("unwritten")
}
