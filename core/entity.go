package core

import (
	"encoding/json"
	"time"
)

// Type is the type of an entity. All types of a namespace share one name
// space: an action and a trigger cannot have the same name.
type Type string

// The entity types.
const (
	TypeAction  Type = "action"
	TypePackage Type = "package"
	TypeTrigger Type = "trigger"
	TypeRule    Type = "rule"
)

// Meta is what every entity has.
type Meta struct {
	Name        Name
	Version     Version
	Publish     bool
	Annotations Params
	Updated     time.Time // of the last write, whole milliseconds
	// Revision changes with every write, and never returns to a value it had:
	// the fence of optimistic concurrency and part of a warm container's key.
	Revision string
}

// The kinds that are no language of the manifest.
const (
	KindSequence = "sequence"
	KindBlackbox = "blackbox"
	KindUnknown  = "unknown" // of an activation that could not run
)

// Exec is what an action runs.
type Exec struct {
	Kind string // "nodejs:24", or KindSequence or KindBlackbox
	// Code is source text, or base64 when Binary. It is absent (nil) where an
	// action was read without its code.
	Code       []byte
	Binary     bool
	Main       string // entry point; "" means the kind's default
	Image      string // of KindBlackbox
	Components []Name // of KindSequence, in order
}

// Action is a function that can be invoked.
type Action struct {
	Meta
	Exec   Exec
	Params Params
	Limits Limits
	// Function is nil unless Exec.Kind is KindFunction.
	Function *Function
	// Replicas is how many containers of a Function are wanted. It changes
	// without a new Revision: those that run stay what they are.
	Replicas int
}

// Package groups actions, and may be shared (Publish). With a Binding it is
// a view of another package that overlays its Params.
type Package struct {
	Meta
	Params  Params
	Binding Name // of the bound package; zero for a package of its own
}

// Trigger is a named channel of events. Rules connect it to actions; their
// state is kept here so that it changes with them in one write.
type Trigger struct {
	Meta
	Params Params
	Rules  []RuleLink // by rule name
}

// RuleLink is a rule as its trigger knows it.
type RuleLink struct {
	Rule   Name
	Action Name
	Active bool
}

// Rule connects a trigger to an action.
type Rule struct {
	Meta
	Trigger Name
	Action  Name
	Active  bool // as the trigger says; false when the trigger is gone
}

// JSON is a JSON text kept as received.
type JSON = json.RawMessage
