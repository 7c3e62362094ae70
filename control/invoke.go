package control

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"time"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/queue"
	"github.com/hearth-faas/hearth/store"
)

// Call is one invocation.
type Call struct {
	Subject core.Subject // whose namespace is charged and keeps the record
	// APIKey is the caller's "uuid:secret", for an action that is to have it.
	APIKey string
	Target Target
	// Payload overlays the target's parameters; a JSON object or nil. (The
	// step of a sequence may get an array.)
	Payload core.JSON
	// TransactionID is handed to the container.
	TransactionID string
	// Arrived is when the request came in; the zero value means now.
	Arrived time.Time
	// Keep keeps the record also where the namespace stores none, or the
	// operator's levels would not. The steps of
	// a sequence are not kept by it.
	Keep bool
	// Callback, if any, is told of the end, whatever it is; its On and Owner are
	// set. KindInvalid for a URL that is none, or that may not be called;
	// KindThrottled when very many of the namespace wait.
	Callback *core.Callback
	// Depth is how many activations this one follows from through destinations.
	Depth int
	// ID of the activation; empty means a new one. With an ID that exists
	// already, nothing happens: an event that is delivered twice runs once.
	ID core.ActivationID
	// Once makes repeated calls one activation; nil makes each its own.
	Once *Once
	// Delay is how long after its accept the activation is queued, at most
	// MaxDelay. Nobody waits for one with a delay.
	Delay time.Duration
	// MaxAge is how long it may wait in a queue; 0 means what the action says,
	// or the platform. The steps of a sequence have their own.
	MaxAge time.Duration
	// Priority is normal unless the call or the action says otherwise.
	Priority core.Priority
	// Request is what a function is sent in place of Payload and parameters; nil
	// for none. Only functions take one.
	Request *core.Request
}

// Invoke accepts an activation and returns its id once Redis has it. Errors:
// KindInvalid for a payload that sets a final parameter, KindForbidden for a
// sequence with a component that the caller may not invoke, KindUnavailable
// when nothing was accepted; and those of Once.
func (p *Plane) Invoke(ctx context.Context, call Call) (core.ActivationID, error) {
	c, err := p.prepare(ctx, call)
	if err != nil {
		return "", err
	}
	a := c.Activation
	if accepted, err := p.takeFor(ctx, call, a); accepted || err != nil {
		return a.ID, err
	}
	if err := p.acceptOnce(ctx, call.Once, call.Subject, []store.Creation{c}); err != nil {
		return "", err
	}
	p.begin(ctx, a)
	return a.ID, nil
}

// InvokeAndWait is Invoke, and a wait for the end, at most for max or until ctx
// ends. The activation's State tells whether it came; if not, only Ref is set. Logs may
// be missing from the outcome: they can be collected later than the result.
func (p *Plane) InvokeAndWait(ctx context.Context, call Call, max time.Duration) (*core.Activation, error) {
	if call.Delay > 0 {
		id, err := p.Invoke(ctx, call)
		return &core.Activation{Ref: core.Ref{Namespace: call.Subject.Namespace.Name, ID: id}}, err
	}
	c, err := p.prepare(ctx, call)
	if err != nil {
		return nil, err
	}
	a := c.Activation
	accepted, err := p.takeFor(ctx, call, a)
	if err != nil {
		return nil, err
	}
	if accepted {
		return p.replay(ctx, a.Ref)
	}
	a.Wait = p.opt.Server
	replies, leave := p.waiters.add(a.ID)
	defer leave()
	if err := p.acceptOnce(ctx, call.Once, call.Subject, []store.Creation{c}); err != nil {
		return nil, err
	}
	p.begin(ctx, a)
	return p.wait(ctx, a, replies, max)
}

// takeFor takes the call's key, if it has one, for the activation.
func (p *Plane) takeFor(ctx context.Context, call Call, a *core.Activation) (accepted bool, err error) {
	if call.Once == nil {
		return false, nil
	}
	return p.take(ctx, call.Once, call.Subject, &a.ID, "invoke", call.Target.Action.Name.Full(), call.Target.Binding.Full(), string(call.Payload))
}

// prepare makes an activation of a client's call.
func (p *Plane) prepare(ctx context.Context, call Call) (store.Creation, error) {
	if call.Callback != nil {
		if err := p.mayCallBack(ctx, call); err != nil {
			return store.Creation{}, err
		}
	}
	if call.Target.Action.Exec.Kind == core.KindSequence {
		if err := p.entitled(ctx, call); err != nil {
			return store.Creation{}, err
		}
	}
	c, err := p.creation(call)
	if err != nil {
		return store.Creation{}, err
	}
	c.Activation.Topmost = c.Activation.State == core.StateRunning
	if c.Delay = call.Delay; c.Delay > 0 {
		c.Activation.State = core.StateQueued
	}
	return c, nil
}

// entitled checks that the caller may invoke all components. One that is
// missing fails when its turn comes.
func (p *Plane) entitled(ctx context.Context, call Call) error {
	for _, name := range call.Target.Action.Exec.Components {
		_, err := p.Resolve(ctx, call.Subject, name)
		switch core.KindOf(err) {
		case core.KindNotFound, core.KindConflict:
		default:
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// creation makes the activation of a call, queued for a worker; or, for a
// sequence or composition, running already, with its progress.
func (p *Plane) creation(call Call) (store.Creation, error) {
	action, who := call.Target.Action, call.Subject
	a := &core.Activation{
		Ref:    core.Ref{Namespace: who.Namespace.Name, ID: call.ID},
		Action: action.Name, Version: action.Version, Revision: action.Revision,
		Kind: action.Exec.Kind, Limits: action.Limits,
		Subject: who.Name, KeyUUID: who.UUID, Binding: call.Target.Binding,
		TransactionID: call.TransactionID, State: core.StateQueued,
		Unstored: !who.Namespace.Quota.Stores() && !call.Keep, Kept: call.Keep, MaxAge: p.maxAgeOf(call),
		Retry: retryOf(action.Annotations), Depth: call.Depth, Priority: priorityOf(call),
	}
	owed(a, action, call)
	if a.ID == "" {
		a.ID = core.NewActivationID()
	}
	if _, ok := action.Annotations.Get("provide-api-key"); !ok || action.Annotations.Truthy("provide-api-key") {
		a.APIKey = call.APIKey
	}
	if err := immutable(action, call.Payload); err != nil {
		return store.Creation{}, err
	}
	if call.Request != nil {
		var err error
		a.Raw = true
		a.Input, err = core.EncodeRequest(*call.Request)
		return store.Creation{Activation: a}, err
	}
	if !isParent(action) {
		var err error
		a.Input, a.Env, err = input(action.Params, call.Payload)
		return store.Creation{Activation: a}, err
	}
	a.State, a.MaxAge, a.APIKey, a.Input = core.StateRunning, 0, call.APIKey, call.Payload
	a.Conductor = action.Exec.Kind != core.KindSequence
	a.Kind = core.KindSequence
	progress, err := newProgress(call, a.Conductor)
	return store.Creation{Activation: a, Progress: progress}, err
}

// isParent says whether the action runs as activations of others.
func isParent(a *core.Action) bool {
	return a.Exec.Kind == core.KindSequence || a.Annotations.Truthy("conductor")
}

// accept places the activations and makes their records and tasks in one
// round trip. When it fails, none has been accepted.
func (p *Plane) accept(ctx context.Context, list []store.Creation, also ...store.Addition) error {
	tasks, err := p.assign(ctx, list)
	if err != nil {
		return err
	}
	err = p.db.Create(ctx, list, append(also, p.tasks.Adding(ctx, tasks...))...)
	if err == nil {
		return nil
	}
	// Part of it may have reached Redis, though the caller will be told that
	// nothing has. If this fails too, the reconciler runs what there is.
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	for _, c := range list {
		if p.db.Withdraw(late, c.Activation.Ref) != nil {
			break
		}
	}
	return err
}

// assign places what is to be queued and returns the tasks.
func (p *Plane) assign(ctx context.Context, list []store.Creation) ([]queue.Task, error) {
	var tasks []queue.Task
	for _, c := range list {
		a := c.Activation
		if a.State != core.StateQueued || c.Delay > 0 {
			continue
		}
		name, err := p.crew.place(ctx, a, p.opt.MaxQueued)
		if err != nil {
			return nil, err
		}
		a.Queue = name
		tasks = append(tasks, queue.Task{Ref: a.Ref, Queue: name})
	}
	return tasks, nil
}

// derive returns the id of what follows from another activation or event: the
// same for every process that comes to it.
func derive(from core.ActivationID, what string) core.ActivationID {
	sum := sha256.Sum256([]byte(string(from) + "/" + what))
	return core.ActivationID(hex.EncodeToString(sum[:16]))
}

func deriveStep(parent core.ActivationID, step int) core.ActivationID {
	return derive(parent, strconv.Itoa(step))
}
