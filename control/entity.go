package control

import (
	"context"
	"time"

	"github.com/hearth-faas/hearth/core"
)

// Page is a part of a list.
type Page struct {
	Skip  int
	Limit int // 0 means core.MaxList
}

// LimitsPatch changes some limits; nil fields are kept.
type LimitsPatch struct {
	Timeout     *time.Duration
	Memory      *int
	Logs        *int
	Concurrency *int
	Instances   *int
}

// ActionPatch is the body of a PUT of an action; nil fields keep what is
// there, or the default on create.
type ActionPatch struct {
	Exec        *core.Exec   // replaces exec as a whole
	Params      *core.Params // replaces all
	Annotations core.Params  // merged by key
	Remove      []string     // annotations removed before the merge
	Limits      LimitsPatch
	Version     *core.Version
	Publish     *bool
}

// PutAction creates the action, or with overwrite updates it. KindConflict
// when it exists (without overwrite) or another type holds the name.
func (p *Plane) PutAction(ctx context.Context, who core.Subject, name core.Name, patch ActionPatch, overwrite bool) (*core.Action, error) {
	panic("unwritten")
}

// Action returns the action, parameters merged with those of its package and
// binding. Without code, Exec.Code is nil.
func (p *Plane) Action(ctx context.Context, who core.Subject, name core.Name, code bool) (*core.Action, error) {
	panic("unwritten")
}

// DeleteAction deletes the action and returns what it was.
func (p *Plane) DeleteAction(ctx context.Context, who core.Subject, name core.Name) (*core.Action, error) {
	panic("unwritten")
}

// Actions lists the actions of a namespace, latest first, without code and
// parameters; of one package where pkg is not empty.
func (p *Plane) Actions(ctx context.Context, who core.Subject, namespace, pkg string, page Page) ([]core.Action, error) {
	panic("unwritten")
}

// Count counts the entities of a type in a namespace, or the actions of a
// package where pkg is not empty.
func (p *Plane) Count(ctx context.Context, who core.Subject, namespace string, typ core.Type, pkg string) (int, error) {
	panic("unwritten")
}

// PackagePatch is the body of a PUT of a package.
type PackagePatch struct {
	Binding     *core.Name
	Params      *core.Params
	Annotations *core.Params // replaces all
	Version     *core.Version
	Publish     *bool
}

// PutPackage creates or, with overwrite, updates a package or binding.
func (p *Plane) PutPackage(ctx context.Context, who core.Subject, name core.Name, patch PackagePatch, overwrite bool) (*core.Package, error) {
	panic("unwritten")
}

// Package returns the package and its actions (of a binding: the provider's),
// parameters merged.
func (p *Plane) Package(ctx context.Context, who core.Subject, name core.Name) (*core.Package, []core.Action, error) {
	panic("unwritten")
}

// DeletePackage deletes a package; a package that is not empty needs force,
// which deletes its actions too.
func (p *Plane) DeletePackage(ctx context.Context, who core.Subject, name core.Name, force bool) (*core.Package, error) {
	panic("unwritten")
}

// Packages lists packages, latest first; in a foreign namespace the
// published ones that are no bindings.
func (p *Plane) Packages(ctx context.Context, who core.Subject, namespace string, page Page) ([]core.Package, error) {
	panic("unwritten")
}

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
