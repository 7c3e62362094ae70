package control

import (
	"context"

	"github.com/hearth-faas/hearth/core"
)

// Rate names a counter of a namespace's calls in the current minute.
type Rate string

// The rates.
const (
	RateInvoke Rate = "invoke"
	RateFire   Rate = "fire"
)

// Admit counts one call against the namespace's rate and checks, for
// RateInvoke, the number of activations in flight. The Error is of
// KindThrottled, the count is raised also for a rejected call.
func (p *Plane) Admit(ctx context.Context, who core.Subject, rate Rate) error {
	panic("unwritten")
}
