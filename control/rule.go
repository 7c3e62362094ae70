package control

import (
	"context"
	"errors"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

// RulePatch is the body of a PUT of a rule.
type RulePatch struct {
	Trigger, Action *core.Name
	Annotations     *core.Params
	Version         *core.Version
	Publish         *bool
}

// PutRule creates an active rule or, with overwrite, updates one, which keeps
// its state.
func (p *Plane) PutRule(ctx context.Context, who core.Subject, name core.Name, patch RulePatch, overwrite bool) (*core.Rule, error) {
	if err := mayPut(who, name); err != nil {
		return nil, err
	}
	patch.Trigger, patch.Action = namedBy(who, patch.Trigger), namedBy(who, patch.Action)
	if patch.Trigger != nil {
		if err := mustOwn(who, *patch.Trigger); err != nil {
			return nil, err
		}
	}
	return put(ctx, overwrite, writing[core.Rule]{
		read:   func() (*core.Rule, error) { return p.db.Rule(ctx, name) },
		create: func() (*core.Rule, error) { return newRule(name, patch) },
		change: func(old *core.Rule) (*core.Rule, error) { return changeRule(old, patch), nil },
		check: func(rule *core.Rule) error {
			if err := fits("annotations", rule.Annotations.Size(), core.MaxAnnotations); err != nil {
				return err
			}
			return p.mayConnect(ctx, who, rule)
		},
		write: func(rule, old *core.Rule) error {
			err := p.db.PutRule(ctx, rule, old)
			if errors.Is(err, store.ErrNoTrigger) {
				return noTrigger(rule.Trigger)
			}
			return err
		},
	})
}

// namedBy replaces the namespace "_" by the caller's.
func namedBy(who core.Subject, name *core.Name) *core.Name {
	if name == nil {
		return nil
	}
	own := inNamespaceOf(who, *name)
	return &own
}

func newRule(name core.Name, patch RulePatch) (*core.Rule, error) {
	if patch.Trigger == nil || patch.Action == nil {
		return nil, core.Errorf(core.KindInvalid, "rule requires a valid trigger and a valid action")
	}
	r := &core.Rule{Meta: newMeta(name, patch.Version, patch.Publish), Trigger: *patch.Trigger, Action: *patch.Action}
	r.Annotations = paramsOf(patch.Annotations, nil)
	return r, nil
}

func changeRule(old *core.Rule, patch RulePatch) *core.Rule {
	r := *old
	change(&r.Meta, patch.Version, patch.Publish)
	r.Annotations = paramsOf(patch.Annotations, old.Annotations)
	if patch.Trigger != nil {
		r.Trigger = *patch.Trigger
	}
	if patch.Action != nil {
		r.Action = *patch.Action
	}
	return &r
}

// mayConnect refuses a rule whose action the caller may not read, or that
// lacks its trigger or action.
func (p *Plane) mayConnect(ctx context.Context, who core.Subject, rule *core.Rule) error {
	_, err := p.find(ctx, who, rule.Action, false)
	if err != nil && (isFailure(err) || core.KindOf(err) == core.KindForbidden) {
		return err
	}
	if rule.Trigger.Package != "" {
		return noTrigger(rule.Trigger)
	}
	if _, err := p.db.Trigger(ctx, rule.Trigger); err != nil {
		if isFailure(err) {
			return err
		}
		return noTrigger(rule.Trigger)
	}
	if err != nil {
		return core.Errorf(core.KindInvalid, "action %s does not exist", rule.Action)
	}
	return nil
}

func noTrigger(name core.Name) error {
	return core.Errorf(core.KindInvalid, "trigger %s does not exist", name)
}

// Rule returns the rule with the state its trigger has for it.
func (p *Plane) Rule(ctx context.Context, who core.Subject, name core.Name) (*core.Rule, error) {
	if err := mustOwn(who, name); err != nil {
		return nil, err
	}
	return p.db.Rule(ctx, name)
}

// SetRule makes a rule active or inactive. KindNotFound also for a rule whose
// trigger is gone.
func (p *Plane) SetRule(ctx context.Context, who core.Subject, name core.Name, active bool) error {
	if err := mustOwn(who, name); err != nil {
		return err
	}
	return retry(ctx, func() error {
		rule, err := p.db.Rule(ctx, name)
		if err != nil {
			return err
		}
		return lost(p.db.SetRule(ctx, rule, active))
	})
}

// DeleteRule deletes the rule and unlinks it from its trigger. The rule that
// it returns is inactive, as it is from then on.
func (p *Plane) DeleteRule(ctx context.Context, who core.Subject, name core.Name) (*core.Rule, error) {
	if err := mustOwn(who, name); err != nil {
		return nil, err
	}
	var rule *core.Rule
	err := retry(ctx, func() error {
		var err error
		if rule, err = p.db.Rule(ctx, name); err != nil {
			return err
		}
		return lost(p.db.DeleteRule(ctx, rule))
	})
	if err != nil {
		return nil, err
	}
	rule.Active = false
	return rule, nil
}

// Rules lists rules, latest first.
func (p *Plane) Rules(ctx context.Context, who core.Subject, namespace string, page Page) ([]core.Rule, error) {
	if err := mustOwnAll(who, namespace); err != nil {
		return nil, err
	}
	return p.db.Rules(ctx, namespace, page.Skip, page.limit())
}
