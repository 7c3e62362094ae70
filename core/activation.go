package core

import (
	"crypto/rand"
	"encoding/hex"
	"regexp"
	"time"
)

// ActivationID names one activation: 32 lower-case hexadecimal digits.
type ActivationID string

var activationID = regexp.MustCompile(`\A[0-9a-f]{32}\z`)

// NewActivationID returns a random id.
func NewActivationID() ActivationID {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand documents that it panics instead
	return ActivationID(hex.EncodeToString(b[:]))
}

// ParseActivationID checks the form of an id; the Error is of KindInvalid.
func ParseActivationID(s string) (ActivationID, error) {
	if len(s) != 32 {
		return "", Errorf(KindInvalid, "Activation id length is %d but must be 32.", len(s))
	}
	if !activationID.MatchString(s) {
		return "", Errorf(KindInvalid, "The activation id is not valid.")
	}
	return ActivationID(s), nil
}

// Ref addresses an activation: the namespace that is charged for it, and its
// id. It is all that a queued task carries.
type Ref struct {
	Namespace string
	ID        ActivationID
}

// State is where an activation is in its life: queued, running, done, in
// that order and never back except queued again after a lost worker.
type State string

// The states. docs/activation.md draws them.
const (
	StateQueued  State = "queued"
	StateRunning State = "running"
	StateDone    State = "done"
)

// Status says how an activation ended. The numbers are OpenWhisk's.
type Status int

// The four ways to end.
const (
	StatusSuccess          Status = 0
	StatusApplicationError Status = 1 // the action said so
	StatusDeveloperError   Status = 2 // the action broke: crash, time-out, no JSON
	StatusInternalError    Status = 3 // the platform's fault; Outcome.Reason says which
)

// String returns OpenWhisk's words for the status.
func (s Status) String() string {
	switch s {
	case StatusSuccess:
		return "success"
	case StatusApplicationError:
		return "application error"
	case StatusDeveloperError:
		return "action developer error"
	case StatusInternalError:
	}
	return "whisk internal error"
}

// Reason says why the platform ended an activation itself; empty otherwise.
type Reason string

// The reasons.
const (
	ReasonNone       Reason = ""
	ReasonWorkerLost Reason = "worker lost" // its worker died after /run was sent
	ReasonDeadline   Reason = "deadline"    // nobody ended it in time
	ReasonPoison     Reason = "poison"      // it was there when three workers died
	ReasonExpired    Reason = "expired"     // it waited longer than it may
	ReasonCancelled  Reason = "cancelled"
	ReasonPlatform   Reason = "platform" // no container could be had, code unreadable
)

// Cause says what made an activation.
type Cause struct {
	// Parent is the sequence or composition whose step this is; empty for an
	// activation that a client, trigger or rule made.
	Parent ActivationID
	// Step is the number of the step in the parent, from 0.
	Step int
}

// Activation is one run of an action, one fired trigger, or one sequence.
type Activation struct {
	Ref
	// Action is the entity that runs (for a trigger: the trigger), in the
	// provider's namespace, with the Version and Revision it had at accept.
	Action   Name
	Version  Version
	Revision string
	Kind     string // runtime kind, KindSequence, KindUnknown, or "" for a trigger
	Limits   Limits
	Subject  string // who asked
	KeyUUID  string // the key they asked with: lends the action its API key
	Binding  Name   // the package binding it was reached through, or zero
	Cause    Cause
	// TransactionID is the request's id, handed on to the container.
	TransactionID string
	// Input is what /run gets: parameters and payload merged; a JSON object,
	// or an array. Absent (nil) where a record was read without it.
	Input JSON
	// Env is what /init gets: the parameters marked Init.
	Env Params
	// APIKey is the caller's "uuid:secret", where the action is to have it. It
	// is kept until the activation is done, and never shown.
	APIKey string
	// Wait names the API server whose reply stream is told of the end; empty
	// when nobody waits.
	Wait string
	// Topmost marks a sequence or composition that is no step of another;
	// Conductor marks a composition.
	Topmost, Conductor bool
	// Unstored leaves no record once the activation has ended.
	Unstored bool
	// Kept says that the record is kept, whatever levels the operator has set.
	Kept bool
	// MaxAge is how long it may wait in a queue; 0 for as long as it takes.
	MaxAge time.Duration
	// Retry says whether it runs again after a failure.
	Retry Retry
	// Callbacks are told of the end, at most one on each occasion. Records are
	// read without them.
	Callbacks []Callback
	// Payload is what the caller sent, without the action's own parameters. It
	// is kept, until the end, only where a callback wants it.
	Payload JSON
	// Depth is how many activations it follows from through destinations.
	Depth int
	// Raw says that Input is a Request, see EncodeRequest, and that the result is
	// to be a Response.
	Raw bool
	// Priority is what was asked for; see there.
	Priority Priority
	// RedriveOf is the dead letter that this is another try of; empty for none.
	RedriveOf ActivationID

	State    State
	Attempt  int // raised by every claim; the fence of every later write
	Worker   string
	Due      time.Time // of a delayed one: when it will be queued; zero once it is
	Accepted time.Time // by Redis' clock, whole milliseconds, like all times here
	Started  time.Time // of the work in a container, before /init; zero until then
	Queue    string    // where its task is
	Deadline time.Time // of the running attempt
	Losses   int       // workers that died with it
	Retries  int       // how often it was postponed to be tried again
	Sent     bool      // /run was sent in the running attempt

	Outcome Outcome // of a done activation
}

// Outcome is how an activation ended.
type Outcome struct {
	Status Status
	Reason Reason
	Result JSON // the action's answer, or {"error": …}
	Size   int  // bytes of Result
	// Start and End bound the work, by the clock of the worker that did it.
	// End is zero for a trigger.
	Start, End time.Time
	InitTime   time.Duration // of /init; 0 on a warm start
	WaitTime   time.Duration // from accept to Start
	Duration   time.Duration // End − Start; of a sequence, the sum of its steps
	TimedOut   bool
	Attempts   int // runs that it took, where it took more than one; otherwise 0
	// Logs are lines in OpenWhisk's form; for a sequence the ids of its steps.
	// nil means that they follow (Plane.AddLogs), empty that there are none.
	Logs []string
	// Rules are what a fired trigger did; none of anything else.
	Rules []RuleResult
}
