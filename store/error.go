package store

import (
	"fmt"

	"github.com/hearth-faas/hearth/core"
)

// What a write or read of an entity can fail with; compare with errors.Is.
// The sentences are OpenWhisk's.
//
//nolint:gochecknoglobals // errors that are compared are constants in all but form
var (
	// ErrNotFound: there is no entity by this name.
	ErrNotFound = core.Errorf(core.KindNotFound, "The requested resource does not exist.")
	// ErrOtherType: an entity of another type holds the name.
	ErrOtherType = core.Errorf(core.KindConflict, "Resource by this name exists but is not in this collection.")
	// ErrExists: a create found an entity of the same type.
	ErrExists = core.Errorf(core.KindConflict, "resource already exists")
	// ErrChanged: somebody else wrote or deleted the entity since it was read.
	ErrChanged = core.Errorf(core.KindConflict, "Concurrent modification to resource detected.")
	// ErrNoPackage: the package of a packaged action is missing.
	ErrNoPackage = core.Errorf(core.KindNotFound, "The requested resource does not exist.")
	// ErrBinding: the package of a packaged action is a binding.
	ErrBinding = core.Errorf(core.KindInvalid, "Operation not permitted on package binding.")
	// ErrNoTrigger: the trigger of a rule is missing.
	ErrNoTrigger = core.Errorf(core.KindNotFound, "Only rules with existing triggers can be activated")
	// ErrCorrupt: what is stored cannot be decoded. It is internal, and the
	// sentence may be shown all the same.
	ErrCorrupt = core.Errorf(core.KindInternal, "Resource is corrupted and cannot be read.")
)

// The numbers with which scripts say no; see the Lua function guard.
const (
	saysNotFound  = -1
	saysOtherType = -2
	saysExists    = -3
	saysChanged   = -4
	saysNoPackage = -5
	saysBinding   = -6
	saysNoTrigger = -7
)

// refusal turns the answer of a script into an error: nil for one that is
// not negative.
func refusal(answer int64) error {
	if answer >= 0 {
		return nil
	}
	switch answer {
	case saysNotFound:
		return ErrNotFound
	case saysOtherType:
		return ErrOtherType
	case saysExists:
		return ErrExists
	case saysChanged:
		return ErrChanged
	case saysNoPackage:
		return ErrNoPackage
	case saysBinding:
		return ErrBinding
	case saysNoTrigger:
		return ErrNoTrigger
	}
	return fmt.Errorf("script answered %d", answer)
}
