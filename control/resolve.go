package control

import (
	"context"

	"github.com/hearth-faas/hearth/core"
)

// Target is an action found and permitted, ready to be invoked.
type Target struct {
	// Action is the provider's, without code; its Params are merged in the
	// order package, binding, action.
	Action *core.Action
	// Binding is the package binding the action was reached through, or zero.
	Binding core.Name
}

// Resolve finds the action that name addresses, through a binding where there
// is one, and checks that who may invoke it. Entitlement comes before
// existence: KindForbidden for what is not theirs whether or not it is there,
// KindNotFound, KindConflict for an entity of another type.
func (p *Plane) Resolve(ctx context.Context, who core.Subject, name core.Name) (Target, error) {
	panic("unwritten")
}
