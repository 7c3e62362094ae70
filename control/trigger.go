package control

import (
	"context"
	"strings"

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
	if err := mayPut(who, name); err != nil {
		return nil, err
	}
	var after func(context.Context) error
	trigger, err := put(ctx, overwrite, writing[core.Trigger]{
		read:   func() (*core.Trigger, error) { return p.db.Trigger(ctx, name) },
		create: func() (*core.Trigger, error) { return newTrigger(name, patch) },
		change: func(old *core.Trigger) (*core.Trigger, error) { return changeTrigger(old, patch), nil },
		check: func(t *core.Trigger) error {
			err := fitParams(t.Params, t.Annotations)
			if err == nil {
				after, err = p.sourced(ctx, t)
			}
			return err
		},
		write: func(t, old *core.Trigger) error { return p.db.PutTrigger(ctx, t, old.Revision) },
	})
	if err != nil {
		return nil, err
	}
	return trigger, after(ctx)
}

func newTrigger(name core.Name, patch TriggerPatch) (*core.Trigger, error) {
	t := &core.Trigger{Meta: newMeta(name, patch.Version, patch.Publish), Params: paramsOf(patch.Params, nil)}
	t.Annotations = paramsOf(patch.Annotations, nil)
	if _, ok := t.Annotations.Get("feed"); ok && !validPath(t.Annotations.String("feed")) {
		return nil, core.Errorf(core.KindInvalid, "Feed name is not valid")
	}
	return t, nil
}

func changeTrigger(old *core.Trigger, patch TriggerPatch) *core.Trigger {
	t := *old
	change(&t.Meta, patch.Version, patch.Publish)
	t.Params = paramsOf(patch.Params, old.Params)
	t.Annotations = paramsOf(patch.Annotations, old.Annotations)
	return &t
}

// validPath says whether all segments of a path could be names.
func validPath(path string) bool {
	for segment := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
		if core.ValidSegment(segment) != nil {
			return false
		}
	}
	return true
}

// Trigger returns the trigger with its rules.
func (p *Plane) Trigger(ctx context.Context, who core.Subject, name core.Name) (*core.Trigger, error) {
	if err := mustOwn(who, name); err != nil {
		return nil, err
	}
	return p.db.Trigger(ctx, name)
}

// DeleteTrigger deletes the trigger; its rules stay, inactive.
func (p *Plane) DeleteTrigger(ctx context.Context, who core.Subject, name core.Name) (*core.Trigger, error) {
	if err := mustOwn(who, name); err != nil {
		return nil, err
	}
	var trigger *core.Trigger
	err := retry(ctx, func() error {
		var err error
		if trigger, err = p.db.Trigger(ctx, name); err != nil {
			return err
		}
		return lost(p.db.DeleteTrigger(ctx, name, trigger.Revision))
	})
	if err != nil {
		return nil, err
	}
	return trigger, p.unsourced(ctx, name)
}

// Triggers lists triggers, latest first, without their rules.
func (p *Plane) Triggers(ctx context.Context, who core.Subject, namespace string, page Page) ([]core.Trigger, error) {
	if err := mustOwnAll(who, namespace); err != nil {
		return nil, err
	}
	return p.db.Triggers(ctx, namespace, page.Skip, page.limit())
}
