package control

import (
	"context"

	"github.com/hearth-faas/hearth/core"
)

// Settled says whether all that the firing of the trigger under the id started
// through its present rules has ended.
func (p *Plane) Settled(ctx context.Context, who core.Subject, trigger core.Name, id core.ActivationID) (bool, error) {
	t, err := p.Trigger(ctx, who, trigger)
	if err != nil {
		return false, err
	}
	ids := make([]core.ActivationID, len(t.Rules))
	for i, rule := range t.Rules {
		ids[i] = derive(id, rule.Rule.Full())
	}
	list, _, err := p.db.Records(ctx, trigger.Namespace, ids)
	if err != nil {
		return false, err
	}
	for _, r := range list {
		if r.State != core.StateDone {
			return false, nil
		}
	}
	return true, nil
}
