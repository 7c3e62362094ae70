// Package triggers turns events into fired triggers. A source, in a package
// below this one, writes an event to Redis and then answers whoever caused it;
// the Dispatcher fires the trigger. Between the two an event may be delivered
// more than once, and fires once all the same: its id is that of the
// trigger's activation.
package triggers

import (
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"strings"
	"time"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

// EventID returns the id of the event that the parts name: the same in every
// process that comes to it.
func EventID(parts ...string) core.ActivationID {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return core.ActivationID(hex.EncodeToString(sum[:16]))
}

// Options of a Dispatcher.
type Options struct {
	// Name of the process, unlike any other's; required.
	Name string
	// Retry is after how long an event that was delivered and not settled is
	// delivered again, to whichever dispatcher asks first. It must be longer
	// than a firing takes; 0 means 30 s.
	Retry time.Duration
	// Deliveries is how often an event is delivered before it is given up; 0
	// means 10.
	Deliveries int
}

// Dispatcher fires triggers for the events in Redis. Any number may run.
type Dispatcher struct {
	plane *control.Plane
	db    *store.DB
	log   *slog.Logger
	opt   Options
}

// New makes a Dispatcher and starts nothing.
func New(plane *control.Plane, db *store.DB, log *slog.Logger, opt Options) *Dispatcher {
	if opt.Retry <= 0 {
		opt.Retry = 30 * time.Second
	}
	if opt.Deliveries <= 0 {
		opt.Deliveries = 10
	}
	return &Dispatcher{plane: plane, db: db, log: log, opt: opt}
}
