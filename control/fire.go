package control

import (
	"context"
	"encoding/json"
	"fmt"
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
	// Headers of the request, a JSON object or nil: actions see them as
	// __ow_headers.
	Headers core.JSON
	// Payload overlays the trigger's parameters; a JSON object or nil.
	Payload       core.JSON
	TransactionID string
	APIKey        string // see Call
	// ID of the trigger's activation; empty means a new one. An event that is
	// delivered twice under one ID fires once.
	ID core.ActivationID
	// Server names the process that waits for what the rules start, see
	// AwaitRule; empty when none does.
	Server string

	// Depth is how many activations this one follows from through destinations.
	Depth int
}

// Fire runs the actions of all active rules of the trigger, each as an
// invocation of its own by who, with trigger parameters < headers < payload,
// and records the trigger's activation.
func (p *Plane) Fire(ctx context.Context, who core.Subject, trigger core.Name, headers, payload core.JSON, transactionID string) (FireResult, error) {
	return p.FireEvent(ctx, who, Firing{Trigger: trigger, Headers: headers, Payload: payload, TransactionID: transactionID})
}

// FireEvent is Fire for an event that may be delivered more than once. All
// that it causes is queued in one round trip, or nothing is.
func (p *Plane) FireEvent(ctx context.Context, who core.Subject, f Firing) (FireResult, error) {
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
	args, err := arguments(trigger.Params, f)
	if err != nil {
		return FireResult{}, err
	}
	shots := p.shoot(ctx, who, trigger.Rules, f, args)
	var list []store.Creation
	logs := make([]string, len(shots))
	for i, s := range shots {
		if s.creation.Activation != nil {
			list = append(list, s.creation)
		}
		line, err := json.Marshal(s.entry)
		if err != nil {
			return FireResult{}, fmt.Errorf("encode rule entry: %w", err)
		}
		logs[i] = string(line)
	}
	result := f.Payload
	if len(result) == 0 {
		result = core.JSON("{}")
	}
	record := &core.Activation{
		Ref:    core.Ref{Namespace: who.Namespace.Name, ID: f.ID},
		Action: trigger.Name, Version: trigger.Version, Revision: trigger.Revision,
		Subject: who.Name, KeyUUID: who.UUID, TransactionID: f.TransactionID,
		Unstored: !who.Namespace.Quota.Stores(), Depth: f.Depth,
		Outcome: core.Outcome{Result: result, Size: len(result), Start: time.Now(), Logs: logs},
	}
	if err := p.accept(ctx, list, p.db.Recording(ctx, record, p.opt.Retention)); err != nil {
		return FireResult{}, err
	}
	for _, c := range list {
		p.begin(ctx, c.Activation)
	}
	return FireResult{ID: f.ID}, nil
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
	if len(f.Headers) > 0 {
		plain = plain.With("__ow_headers", f.Headers)
	}
	args, _, err := input(plain, f.Payload)
	return args, err
}

// ruleEntry is what the trigger's log says of a rule.
type ruleEntry struct {
	StatusCode   int               `json:"statusCode"`
	Success      bool              `json:"success"`
	ActivationID core.ActivationID `json:"activationId,omitempty"`
	Error        string            `json:"error,omitempty"`
	Rule         string            `json:"rule"`
	Action       string            `json:"action"`
}

// shot is what became of one rule: an activation to be made, or an error.
type shot struct {
	entry    ruleEntry
	creation store.Creation
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
	s := shot{entry: ruleEntry{Rule: rule.Rule.Full(), Action: rule.Action.Full()}}
	if !rule.Active {
		s.entry.StatusCode = int(core.StatusApplicationError)
		s.entry.Error = fmt.Sprintf("Rule '%s' is inactive, action '%s' was not activated.", rule.Rule.Full(), rule.Action.Full())
		return s
	}
	c, err := p.ordinary(ctx, who, rule, f, args)
	if err != nil {
		s.entry.StatusCode, s.entry.Error = p.refusal(rule, err)
		return s
	}
	s.creation = c
	s.entry.Success, s.entry.ActivationID = true, c.Activation.ID
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

// refusal returns status and text for a rule whose action was not invoked.
func (p *Plane) refusal(rule core.RuleLink, err error) (int, string) {
	switch core.KindOf(err) {
	case core.KindInternal:
		p.log.Error("rule not run", "namespace", rule.Rule.Namespace, "action", rule.Action.Full(), "err", err)
		return int(core.StatusInternalError), "There was an internal server error."
	case core.KindUnavailable:
		return int(core.StatusInternalError), "The server is currently unavailable (because it is overloaded or down for maintenance)."
	}
	return int(core.StatusApplicationError), err.Error()
}
