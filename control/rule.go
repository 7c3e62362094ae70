package control

import (
	"context"

	"github.com/hearth-faas/hearth/core"
)

// RulePatch is the body of a PUT of a rule.
type RulePatch struct {
	Trigger, Action *core.Name
	Annotations     *core.Params
	Version         *core.Version
	Publish         *bool
}

// PutRule creates an active rule or, with overwrite, updates one.
func (p *Plane) PutRule(ctx context.Context, who core.Subject, name core.Name, patch RulePatch, overwrite bool) (*core.Rule, error) {
	panic("unwritten")
}

// Rule returns the rule with the state its trigger has for it.
func (p *Plane) Rule(ctx context.Context, who core.Subject, name core.Name) (*core.Rule, error) {
	panic("unwritten")
}

// SetRule makes a rule active or inactive.
func (p *Plane) SetRule(ctx context.Context, who core.Subject, name core.Name, active bool) error {
	panic("unwritten")
}

// DeleteRule deletes the rule and unlinks it from its trigger.
func (p *Plane) DeleteRule(ctx context.Context, who core.Subject, name core.Name) (*core.Rule, error) {
	panic("unwritten")
}

// Rules lists rules, latest first.
func (p *Plane) Rules(ctx context.Context, who core.Subject, namespace string, page Page) ([]core.Rule, error) {
	panic("unwritten")
}
