package control

import (
	"context"
	"time"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

const (
	// stepGrace is what a step gets beyond its time limit before its parent
	// gives up on it (OpenWhisk's value).
	stepGrace = time.Minute
	// nestedLimit is what a step gets that is a sequence or composition
	// itself: it watches its own steps.
	nestedLimit = 24 * time.Hour
)

// move is what a sequence or composition does next: it begins a step, or it
// ends.
type move struct {
	step *step
	end  *core.Outcome // Status, Reason and Result
}

// step is an activation to be made for a parent.
type step struct {
	target  Target
	payload core.JSON
	// count and runs are where a nested one begins to count.
	count, runs int
	// plain runs a conductor as the action it is.
	plain bool
}

func endWith(status core.Status, text string) move {
	return move{end: &core.Outcome{Status: status, Result: failure(text)}}
}

// begin makes the first move of a sequence or composition. If it fails, the
// reconciler makes it.
func (p *Plane) begin(ctx context.Context, a *core.Activation) {
	if a.State == core.StateRunning {
		p.resume(ctx, a.Ref)
	}
}

// resume makes the moves that have fallen due at the activation and, as they
// end, at those above it. A zero id means that nothing has.
func (p *Plane) resume(ctx context.Context, ref core.Ref) {
	ctx = context.WithoutCancel(ctx) // the record that says so is written
	if err := p.advance(ctx, ref); err != nil {
		p.log.Warn("sequence waits for the reconciler", "namespace", ref.Namespace, "activation", ref.ID, "err", err)
	}
}

// advance makes all moves that can be made now, beginning at the activation.
// Two that advance the same one at once do no harm: a turn is taken once, and
// the ids of steps are derived.
func (p *Plane) advance(ctx context.Context, ref core.Ref) error {
	for ref.ID != "" {
		next, err := p.advanceOne(ctx, ref)
		if err != nil {
			return err
		}
		ref.ID = next
	}
	return nil
}

// advanceOne makes one move, and returns which activation has one to make
// because of it: the nested one that began, or the parent of what ended.
func (p *Plane) advanceOne(ctx context.Context, ref core.Ref) (core.ActivationID, error) {
	r, err := p.db.Activation(ctx, ref)
	if err != nil {
		if core.KindOf(err) == core.KindNotFound {
			return "", nil
		}
		return "", err
	}
	if r.State != core.StateRunning || r.Worker != "" {
		return "", p.db.Settled(ctx, r, "")
	}
	pg, err := decodeProgress(r)
	if err != nil {
		p.log.Error("progress cannot be read", "namespace", ref.Namespace, "activation", ref.ID, "err", err)
		return p.endParent(ctx, r, pg, endWith(core.StatusInternalError, broken(r)).end)
	}
	var last *store.Record
	if n := len(pg.Steps); n > 0 {
		last, err = p.db.Activation(ctx, core.Ref{Namespace: ref.Namespace, ID: pg.Steps[n-1]})
		switch {
		case core.KindOf(err) == core.KindNotFound:
			return p.endParent(ctx, r, pg, endWith(core.StatusInternalError, broken(r)).end)
		case err != nil:
			return "", err
		case last.State != core.StateDone:
			return "", p.db.Settled(ctx, r, last.ID)
		}
		pg.add(last)
	}
	next, err := p.next(ctx, r, &pg, last)
	if err != nil {
		return "", err
	}
	if next.end != nil {
		return p.endParent(ctx, r, pg, next.end)
	}
	return p.beginStep(ctx, r, pg, next.step)
}

func (p *Plane) next(ctx context.Context, r *store.Record, pg *progress, last *store.Record) (move, error) {
	if r.Conductor {
		return p.nextOfComposition(ctx, r, pg, last)
	}
	return p.nextOfSequence(ctx, r, pg, last)
}

// beginStep takes the parent's turn and makes the activation of its step.
func (p *Plane) beginStep(ctx context.Context, parent *store.Record, pg progress, s *step) (core.ActivationID, error) {
	who, err := p.asker(ctx, parent)
	if err != nil {
		return "", err
	}
	number := len(pg.Steps)
	call := Call{
		Subject: who, APIKey: parent.APIKey, Target: s.target, Payload: s.payload,
		TransactionID: parent.TransactionID, ID: deriveStep(parent.ID, number), Depth: parent.Depth,
	}
	c, err := p.stepCreation(call, s)
	if core.KindOf(err) == core.KindInvalid { // it sets a final parameter
		return p.endParent(ctx, parent, pg, endWith(core.StatusApplicationError, err.Error()).end)
	}
	if err != nil {
		return "", err
	}
	a := c.Activation
	a.Cause = core.Cause{Parent: parent.ID, Step: number}
	a.Unstored = parent.Unstored
	if a.Priority = parent.Priority; a.Priority == core.PriorityNormal && parent.Wait != "" {
		a.Priority = core.PriorityHigh // the caller waits for it, too
	}
	pg.Steps, pg.Payload = append(pg.Steps, a.ID), nil
	encoded, err := pg.encode()
	if err != nil {
		return "", err
	}
	list := []store.Creation{c}
	tasks, err := p.assign(ctx, list)
	if err != nil {
		return "", err
	}
	move := store.Step{
		Creation: c, Parent: parent.ID, Turn: parent.Turn, Progress: encoded, Limit: a.Retry.Longest(a.Limits.Timeout) + stepGrace,
	}
	nested := core.ActivationID("")
	if a.State == core.StateRunning {
		move.Limit, nested = nestedLimit, a.ID
	}
	return nested, p.db.Step(ctx, move, p.tasks.Adding(ctx, tasks...))
}

func (p *Plane) stepCreation(call Call, s *step) (store.Creation, error) {
	if s.plain {
		action := *call.Target.Action
		action.Annotations = action.Annotations.Without("conductor", onSuccess, onFailure) // the composition has them
		call.Target.Action = &action
		return p.creation(call)
	}
	c, err := p.creation(call)
	if err != nil || c.Progress == nil {
		return c, err
	}
	pg := progress{Payload: call.Payload, Count: s.count, Runs: s.runs}
	if !c.Activation.Conductor {
		for _, name := range call.Target.Action.Exec.Components {
			pg.Components = append(pg.Components, name.Full())
		}
	}
	c.Progress, err = pg.encode()
	return c, err
}

// endParent ends a sequence or composition, and returns its own parent, if it
// has one.
func (p *Plane) endParent(ctx context.Context, r *store.Record, pg progress, end *core.Outcome) (core.ActivationID, error) {
	out := *end
	out.Size = len(out.Result)
	out.Start, out.End = r.Accepted, time.Now()
	out.Duration = time.Duration(pg.Duration) * time.Microsecond
	out.WaitTime = time.Duration(pg.Wait) * time.Microsecond
	out.Logs = make([]string, len(pg.Steps))
	for i, id := range pg.Steps {
		out.Logs[i] = string(id)
	}
	a := r.Activation
	if pg.Memory > 0 {
		a.Limits.Memory = pg.Memory
	}
	encoded, err := pg.encode()
	if err != nil {
		return "", err
	}
	p.settle(&a, out)
	parent, err := p.db.FinishAs(ctx, &a, out, encoded, p.opt.Retention)
	if kind := core.KindOf(err); err != nil && (kind == core.KindConflict || kind == core.KindNotFound) {
		return "", nil // somebody else ended it
	}
	if err == nil {
		p.ended(&a, out)
	}
	return parent, err
}

// asker is who invoked a sequence or composition: its steps are theirs too.
func (p *Plane) asker(ctx context.Context, r *store.Record) (core.Subject, error) {
	who, err := p.Owner(ctx, r.Namespace)
	if err != nil {
		return core.Subject{}, err
	}
	who.Name, who.UUID = r.Subject, r.KeyUUID
	return who, nil
}

// broken is the sentence for a failure of the platform itself.
func broken(r *store.Record) string {
	if r.Conductor {
		return "Activation failure during composition."
	}
	return "Sequence failed."
}

// overdue is the sentence for a step that did not end in time.
func overdue(r *store.Record) string {
	text := "Timeout reached when retrieving activation " + string(current(r.Progress))
	if r.Conductor {
		return text + " during composition."
	}
	return text + " for sequence component."
}
