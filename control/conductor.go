package control

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

const (
	tooManyInComposition = "Too many actions in the composition."
	// maxRuns bounds the runs of a conductor: one before and one after each
	// component, and one to say why there may be no more.
	maxRuns = 2*core.MaxSequence + 1
)

// nextOfComposition says what follows the last step, nil before the first:
// the conductor runs, names a component, which runs, and so on until the
// conductor names none.
func (p *Plane) nextOfComposition(ctx context.Context, r *store.Record, pg *progress, last *store.Record) (move, error) {
	if last == nil {
		return p.conduct(ctx, r, pg, pg.Payload)
	}
	if pg.Conducting {
		return p.obey(ctx, r, pg, last)
	}
	if nested, err := decodeProgress(last); err == nil && last.Conductor {
		pg.Count, pg.Runs = nested.Count, nested.Runs // it shared the counters
	}
	return p.back(ctx, r, pg, last.Outcome.Result)
}

// back runs the conductor again with a result and the state it asked for.
func (p *Plane) back(ctx context.Context, r *store.Record, pg *progress, result core.JSON) (move, error) {
	if !isObject(result) {
		result = box("value", result)
	}
	payload, err := union(result, pg.State)
	if err != nil {
		return move{}, err
	}
	return p.conduct(ctx, r, pg, payload)
}

// conduct runs the conductor.
func (p *Plane) conduct(ctx context.Context, r *store.Record, pg *progress, payload core.JSON) (move, error) {
	if pg.Runs >= maxRuns {
		return endWith(core.StatusApplicationError, tooManyInComposition), nil
	}
	name := r.Action
	if !r.Binding.IsZero() {
		name = core.Name{Namespace: r.Binding.Namespace, Package: r.Binding.Name, Name: r.Action.Name}
	}
	target, err := p.component(ctx, r, name.Full())
	switch core.KindOf(err) {
	case core.KindNotFound, core.KindConflict, core.KindForbidden, core.KindInvalid:
		return endWith(core.StatusApplicationError, "Action could not be found or may have been deleted."), nil
	}
	if err != nil {
		return move{}, err
	}
	pg.Runs++
	pg.Conducting = true
	return move{step: &step{target: target, payload: payload, plain: true}}, nil
}

// obey does what the conductor's result asks for.
func (p *Plane) obey(ctx context.Context, r *store.Record, pg *progress, last *store.Record) (move, error) {
	out := last.Outcome
	end := move{end: &core.Outcome{Status: out.Status, Reason: out.Reason, Result: out.Result}}
	keys, err := keysOf(out.Result)
	if err != nil || out.Status != core.StatusSuccess {
		return end, nil //nolint:nilerr // a result that is no object asks for nothing
	}
	params, hasParams := keys["params"]
	action, ok := keys["action"]
	if !ok {
		if hasParams {
			end.end.Result = params
		}
		return end, nil
	}
	pg.State = nil
	if state, ok := keys["state"]; ok {
		pg.State = state
		if !isObject(state) {
			pg.State = box("state", state)
		}
	}
	switch {
	case !hasParams:
		params = core.JSON("{}")
	case !isObject(params):
		params = box("value", params)
	}
	if pg.Count >= core.MaxSequence {
		return p.back(ctx, r, pg, failure(tooManyInComposition))
	}
	target, refusal, err := p.named(ctx, r, action)
	switch {
	case err != nil:
		return move{}, err
	case refusal != "":
		return p.back(ctx, r, pg, failure(refusal))
	}
	pg.Count++
	pg.Conducting = false
	s := &step{target: target, payload: params}
	if target.Action.Exec.Kind != core.KindSequence {
		s.count, s.runs = pg.Count, pg.Runs
	}
	return move{step: s}, nil
}

// named finds the action that a conductor names, or says why it may not be
// run: the conductor hears of it and can go on.
func (p *Plane) named(ctx context.Context, r *store.Record, action core.JSON) (target Target, refusal string, err error) {
	var text string
	if json.Unmarshal(action, &text) != nil {
		return Target{}, unparsed(action), nil
	}
	name, err := relative(text, r.Namespace)
	if err != nil {
		return Target{}, unparsed(action), nil //nolint:nilerr // the refusal says it
	}
	target, err = p.component(ctx, r, name.Full())
	switch core.KindOf(err) {
	case core.KindNotFound, core.KindConflict:
		return Target{}, fmt.Sprintf("Failed to resolve action with name '%s' during composition.", name.Full()), nil
	case core.KindForbidden:
		return Target{}, fmt.Sprintf("Failed entitlement check for action with name '%s' during composition.", name.Full()), nil
	case core.KindInvalid:
		return Target{}, unparsed(action), nil
	}
	return target, "", err
}

func unparsed(action core.JSON) string {
	return fmt.Sprintf("Failed to parse action name from json value %s during composition.", action)
}

// relative reads the name of a component: "name", "package/name",
// "namespace/package/name", or a full name with a leading slash.
func relative(text, namespace string) (core.Name, error) {
	if !strings.HasPrefix(text, "/") && strings.Count(text, "/") < 2 {
		text = namespace + "/" + text
	}
	return core.ParseName(text, namespace)
}

func isObject(v core.JSON) bool {
	v = bytes.TrimSpace(v)
	return len(v) > 0 && v[0] == '{'
}

// box returns {key: v}.
func box(key string, v core.JSON) core.JSON {
	if len(bytes.TrimSpace(v)) == 0 {
		v = core.JSON("null")
	}
	b, _ := json.Marshal(map[string]core.JSON{key: v})
	return b
}
