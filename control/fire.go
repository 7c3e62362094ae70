package control

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

// FireResult is what firing a trigger did.
type FireResult struct {
	// ID of the trigger's activation; empty when no rule was active, which
	// makes no record.
	ID core.ActivationID
}

// Firing is one event on its way to a trigger.
type Firing struct {
	Trigger core.Name
	// Context is what the actions are told of the event beside its payload: a
	// JSON object, whose members lie over the trigger's parameters, or nil.
	Context core.JSON
	// Payload lies over both; a JSON object or nil.
	Payload       core.JSON
	TransactionID string
	APIKey        string // see Call
	// ID of the trigger's activation; empty means a new one. An event that is
	// delivered twice under one ID fires once.
	ID core.ActivationID
	// Server names the process that waits for what the rules start, see
	// AwaitRule; empty when none does.
	Server string
	// Whole fires all rules or none: what is throttled, or fails for now, is an
	// error instead of a line in the trigger's log.
	Whole bool

	// Depth is how many activations this one follows from through destinations.
	Depth int
	// Once makes repeated firings one; nil makes each its own. It stands for
	// nothing when no rule is active.
	Once *Once
}

// Fire runs the actions of all active rules of the trigger, each as an
// invocation of its own by who, and records the trigger's activation. All that
// it causes is queued in one round trip, or nothing is.
func (p *Plane) Fire(ctx context.Context, who core.Subject, f Firing) (FireResult, error) {
	trigger, err := p.Trigger(ctx, who, f.Trigger)
	if err != nil {
		return FireResult{}, err
	}
	if !anyActive(trigger.Rules) {
		return FireResult{}, nil
	}
	if f.ID == "" {
		f.ID = core.NewActivationID()
	}
	if accepted, err := p.take(ctx, f.Once, who, &f.ID, "fire", f.Trigger.Full(), string(f.Payload)); accepted || err != nil {
		return FireResult{ID: f.ID}, err
	}
	args, err := arguments(trigger.Params, f)
	if err != nil {
		return FireResult{}, err
	}
	shots := p.shoot(ctx, who, trigger.Rules, f, args)
	for _, s := range shots {
		if f.Whole && s.passing() {
			return FireResult{}, s.err
		}
	}
	var list []store.Creation
	results := make([]core.RuleResult, len(shots))
	for i, s := range shots {
		if s.creation.Activation != nil {
			list = append(list, s.creation)
		}
		results[i] = s.result
	}
	record := p.fired(who, trigger, f, results)
	if err := p.acceptOnce(ctx, f.Once, who, list, p.db.Recording(ctx, record, p.opt.Retention)); err != nil {
		return FireResult{}, err
	}
	for _, c := range list {
		p.begin(ctx, c.Activation)
	}
	return FireResult{ID: f.ID}, nil
}

// fired is the record of the trigger.
func (p *Plane) fired(who core.Subject, trigger *core.Trigger, f Firing, results []core.RuleResult) *core.Activation {
	payload := f.Payload
	if len(payload) == 0 {
		payload = core.JSON("{}")
	}
	return &core.Activation{
		Ref:    core.Ref{Namespace: who.Namespace.Name, ID: f.ID},
		Action: trigger.Name, Version: trigger.Version, Revision: trigger.Revision,
		Subject: who.Name, KeyUUID: who.UUID, TransactionID: f.TransactionID,
		Unstored: !who.Namespace.Quota.Stores(), Depth: f.Depth,
		Outcome: core.Outcome{
			Result: payload, Size: len(payload), Start: time.Now(), Logs: []string{}, Rules: results,
		},
	}
}

func anyActive(rules []core.RuleLink) bool {
	for _, r := range rules {
		if r.Active {
			return true
		}
	}
	return false
}

// arguments are what every action of the trigger is invoked with.
func arguments(params core.Params, f Firing) (core.JSON, error) {
	plain := make(core.Params, len(params))
	for i, param := range params {
		param.Init = false // init is about containers, which a trigger has none of
		plain[i] = param
	}
	told, err := keysOf(f.Context)
	if err != nil {
		return nil, err
	}
	for _, key := range slices.Sorted(maps.Keys(told)) {
		plain = plain.With(key, told[key])
	}
	args, _, err := input(plain, f.Payload)
	return args, err
}

// shot is what became of one rule, and the activation to be made for it.
type shot struct {
	result   core.RuleResult
	creation store.Creation
	err      error
}

// passing says whether the same rule may work out later.
func (s shot) passing() bool {
	switch core.KindOf(s.err) {
	case core.KindThrottled, core.KindUnavailable, core.KindInternal:
		return s.err != nil
	}
	return false
}

// shoot prepares the invocations of all rules, at once.
func (p *Plane) shoot(ctx context.Context, who core.Subject, rules []core.RuleLink, f Firing, args core.JSON) []shot {
	shots := make([]shot, len(rules))
	var all sync.WaitGroup
	for i, rule := range rules {
		all.Go(func() { shots[i] = p.shot(ctx, who, rule, f, args) })
	}
	all.Wait()
	return shots
}

func (p *Plane) shot(ctx context.Context, who core.Subject, rule core.RuleLink, f Firing, args core.JSON) shot {
	s := shot{result: core.RuleResult{Rule: rule.Rule, Action: rule.Action, Inactive: !rule.Active}}
	if !rule.Active {
		return s
	}
	c, err := p.ordinary(ctx, who, rule, f, args)
	if err != nil {
		s.err = err
		s.result.Refusal = p.refusal(rule, err)
		return s
	}
	s.creation, s.result.Activation = c, c.Activation.ID
	return s
}

// ordinary prepares the invocation of a rule's action as a client's would be.
func (p *Plane) ordinary(ctx context.Context, who core.Subject, rule core.RuleLink, f Firing, args core.JSON) (store.Creation, error) {
	if err := p.Admit(ctx, who, RateInvoke); err != nil {
		return store.Creation{}, err
	}
	target, err := p.Resolve(ctx, who, rule.Action)
	if err != nil {
		return store.Creation{}, err
	}
	c, err := p.prepare(ctx, Call{
		Subject: who, APIKey: f.APIKey, Target: target, Payload: args, TransactionID: f.TransactionID,
		ID: derive(f.ID, rule.Rule.Full()), Depth: f.Depth,
	})
	if err == nil {
		c.Activation.Wait = f.Server
	}
	return c, err
}

// refusal is what the owner of a rule is told of why its action was not
// invoked.
func (p *Plane) refusal(rule core.RuleLink, err error) *core.Error {
	kind := core.KindOf(err)
	switch kind {
	case core.KindInternal:
		p.log.Error("rule not run", "namespace", rule.Rule.Namespace, "action", rule.Action.Full(), "err", err)
		return &core.Error{Kind: kind}
	case core.KindUnavailable:
		return &core.Error{Kind: kind}
	}
	return core.Errorf(kind, "%s", err)
}
