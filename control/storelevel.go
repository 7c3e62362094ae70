package control

import "github.com/hearth-faas/hearth/core"

// StoreLevel says of which activations records are kept, in OpenWhisk's words.
type StoreLevel string

// The levels.
const (
	StoreAlways StoreLevel = "STORE_ALWAYS"
	// StoreFailures keeps what did not succeed.
	StoreFailures StoreLevel = "STORE_FAILURES"
	// StoreNoErrors keeps what broke, or what the platform has failed, and
	// neither successes nor errors that the action itself answered.
	StoreNoErrors StoreLevel = "STORE_FAILURES_NOT_APPLICATION_ERRORS"
)

// StoreLevels are those for calls that wait for their end, steps of sequences
// included, and for others; "" means StoreAlways.
type StoreLevels struct{ Blocking, NonBlocking StoreLevel }

// settle decides whether the record of an activation that ends so is kept.
func (p *Plane) settle(a *core.Activation, out core.Outcome) {
	level := p.opt.Store.NonBlocking
	if a.Wait != "" || a.Cause.Parent != "" {
		level = p.opt.Store.Blocking
	}
	if a.Kept {
		return
	}
	switch level {
	case StoreFailures:
		a.Unstored = a.Unstored || out.Status == core.StatusSuccess
	case StoreNoErrors:
		a.Unstored = a.Unstored || out.Status <= core.StatusApplicationError
	case StoreAlways, "":
	}
}
