package control

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/hearth-faas/hearth/core"
)

// The annotations that name where the end of each activation of an action is
// told: an action, a trigger, or a URL.
const (
	onSuccess = "on-success"
	onFailure = "on-failure"
)

// destination reads one of the annotations of an action of that name; ok is
// false without it. The Error is of KindInvalid.
func destination(annotations core.Params, key string, of core.Name) (c core.Callback, ok bool, err error) {
	value, ok := annotations.Get(key)
	if !ok {
		return c, false, nil
	}
	var text string
	if json.Unmarshal(value, &text) != nil {
		return c, false, core.Errorf(core.KindInvalid, "The annotation %s must be a text: an action, a trigger, or a URL.", key)
	}
	c = core.Callback{On: core.OnSuccess, Form: core.FormEnvelope, Owner: of.Namespace}
	if key == onFailure {
		c.On = core.OnFailure
	}
	switch {
	case text == "":
		return c, false, nil
	case strings.Contains(text, "://"):
		c.URL = text
		_, err = core.ParseCallbackURL(text)
		return c, err == nil, err
	case strings.HasPrefix(text, "/"):
		c.Entity, err = core.ParseName(text, of.Namespace)
	default:
		c.Entity = core.ParseLocal(of.Namespace, text)
		err = c.Entity.Valid()
	}
	if err != nil {
		return c, false, core.Errorf(core.KindInvalid, "The annotation %s names no action, trigger or URL.", key)
	}
	return c, true, nil
}

// checkDestinations refuses an action whose annotations name none.
func (p *Plane) checkDestinations(a *core.Action) error {
	for _, key := range []string{onSuccess, onFailure} {
		c, _, err := destination(a.Annotations, key, a.Name)
		if err != nil {
			return err
		}
		if c.URL == "" {
			continue
		}
		if err := p.checkCallback(c.URL); err != nil {
			return err
		}
	}
	return nil
}

// owed gives a the callbacks that its end will owe: that of the call, and the
// destinations of the action. (Those that name nothing were refused when the
// action was written.)
func owed(a *core.Activation, action *core.Action, call Call) {
	if call.Callback != nil {
		c := *call.Callback
		c.On, c.Owner = core.OnEnd, a.Namespace
		a.Callbacks = append(a.Callbacks, c)
	}
	for _, key := range []string{onSuccess, onFailure} {
		if c, ok, err := destination(action.Annotations, key, action.Name); ok && err == nil {
			a.Callbacks = append(a.Callbacks, c)
			a.Payload = call.Payload
		}
	}
}

// maxPending bounds the callbacks of a namespace that wait. A receiver that is
// gone must not fill Redis.
const maxPending = 100_000

// mayCallBack refuses a call whose callback would not be delivered.
func (p *Plane) mayCallBack(ctx context.Context, call Call) error {
	if err := p.checkCallback(call.Callback.URL); err != nil {
		return err
	}
	n, err := p.db.PendingDeliveries(ctx, call.Subject.Namespace.Name)
	if err == nil && n >= maxPending {
		return &core.Error{Kind: core.KindThrottled, Message: "Too many callbacks wait to be delivered.", RetryAfter: time.Minute}
	}
	return err
}

// checkCallback refuses a URL that no callback will reach. The Error is of
// KindInvalid.
func (p *Plane) checkCallback(text string) error {
	u, err := core.ParseCallbackURL(text)
	if err != nil || p.opt.CallbackURL == nil {
		return err
	}
	return p.opt.CallbackURL(u)
}
