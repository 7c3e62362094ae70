package control

import (
	"context"

	"github.com/hearth-faas/hearth/core"
)

// TriggerPatch is the body of a PUT of a trigger.
type TriggerPatch struct {
	Params      *core.Params
	Annotations *core.Params
	Version     *core.Version
	Publish     *bool
}

// PutTrigger creates or, with overwrite, updates a trigger; its rules stay.
func (p *Plane) PutTrigger(ctx context.Context, who core.Subject, name core.Name, patch TriggerPatch, overwrite bool) (*core.Trigger, error) {
	panic("unwritten")
}

// Trigger returns the trigger with its rules.
func (p *Plane) Trigger(ctx context.Context, who core.Subject, name core.Name) (*core.Trigger, error) {
	panic("unwritten")
}

// DeleteTrigger deletes the trigger; its rules stay, inactive.
func (p *Plane) DeleteTrigger(ctx context.Context, who core.Subject, name core.Name) (*core.Trigger, error) {
	panic("unwritten")
}

// Triggers lists triggers, latest first.
func (p *Plane) Triggers(ctx context.Context, who core.Subject, namespace string, page Page) ([]core.Trigger, error) {
	panic("unwritten")
}
