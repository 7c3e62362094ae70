package control

import (
	"context"
	"time"

	"github.com/hearth-faas/hearth/core"
)

// Call is one invocation.
type Call struct {
	Subject core.Subject // whose namespace is charged and keeps the record
	Target  Target
	// Payload overlays the target's parameters; a JSON object or nil. (The
	// step of a sequence may get an array.)
	Payload core.JSON
	// TransactionID is handed to the container.
	TransactionID string
	// Arrived is when the request came in; the zero value means now.
	Arrived time.Time
}

// Invoke accepts an activation and returns its id once Redis has it. Errors:
// KindInvalid for a payload that sets a final parameter, KindUnavailable when
// nothing was accepted.
func (p *Plane) Invoke(ctx context.Context, call Call) (core.ActivationID, error) {
	panic("unwritten")
}

// InvokeAndWait is Invoke, and a wait of at most max for the end. The
// activation's State tells whether it came; if not, only Ref is set. Logs may
// be missing from the outcome: they can be collected later than the result.
func (p *Plane) InvokeAndWait(ctx context.Context, call Call, max time.Duration) (*core.Activation, error) {
	panic("unwritten")
}

// FireResult is what firing a trigger did.
type FireResult struct {
	// ID of the trigger's activation; empty when no rule was active, which
	// makes no record.
	ID core.ActivationID
}

// Fire runs the actions of all active rules of the trigger, each as an
// invocation of its own by who, with trigger parameters < headers < payload,
// and records the trigger's activation.
func (p *Plane) Fire(ctx context.Context, who core.Subject, trigger core.Name, headers, payload core.JSON, transactionID string) (FireResult, error) {
	panic("unwritten")
}
