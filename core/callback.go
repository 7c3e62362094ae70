package core

import (
	"net/url"
	"strings"
)

// Form says what the receiver of a callback gets.
type Form string

// The forms.
const (
	// FormActivation is the record of the activation, as OpenWhisk's API shows
	// it, without logs.
	FormActivation Form = "activation"
	// FormResponse is the function's own answer: Response of its outcome, body
	// and headers. One that gave none has status 503 and no body.
	FormResponse Form = "response"
	// FormEnvelope is a JSON object with request, result and cause: what
	// destinations get, see docs/callbacks.md.
	FormEnvelope Form = "envelope"
)

// Occasion is the way of ending that a callback waits for.
type Occasion string

// The occasions. An activation has at most one callback for each.
const (
	OnEnd     Occasion = "end" // whatever the outcome
	OnSuccess Occasion = "success"
	OnFailure Occasion = "failure" // every status but success
)

// MaxDepth is how many activations may follow from each other through
// destinations: a loop ends there.
const MaxDepth = 8

// Callback asks that the end of an activation be told: to a URL, or to an
// entity, which is invoked or fired.
type Callback struct {
	On   Occasion
	Form Form
	// URL is http or https; Entity, where it is empty, an action or trigger.
	URL    string
	Entity Name
	// Owner is the namespace that asked: by its rights the entity is used, its
	// secret signs, and it sees what became of it. Empty means the namespace
	// of the activation.
	Owner string
	// CallID and Function are sent as X-Call-Id and X-Function-Name; empty
	// means the activation's id, and the action's name.
	CallID, Function string
}

// ParseCallbackURL checks the form of an address for callbacks: http or
// https, with a host and without credentials. The Error is of KindInvalid.
func ParseCallbackURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil || len(text) > maxCallbackURL:
		return nil, Errorf(KindInvalid, "The callback URL is not valid.") // not err: it shows the URL
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, Errorf(KindInvalid, "The callback URL must begin with http:// or https://.")
	case u.Hostname() == "":
		return nil, Errorf(KindInvalid, "The callback URL has no host.")
	case u.User != nil:
		return nil, Errorf(KindInvalid, "The callback URL must not hold credentials.")
	}
	return u, nil
}

// maxCallbackURL bounds a URL, in bytes.
const maxCallbackURL = 4096

// Lane names what the callback leads to: callbacks of one lane share its
// troubles. It is the host and port of the URL, in lower case, or "entity".
func (c Callback) Lane() string {
	if c.URL == "" {
		return "entity"
	}
	u, err := url.Parse(c.URL)
	if err != nil {
		return "entity"
	}
	return strings.ToLower(u.Host)
}
