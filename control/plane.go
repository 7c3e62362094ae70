// Package control holds the verbs of Hearth: what callers may do with the
// nouns of core, whichever dialect or trigger they come through.
//
// It checks rights, names, limits and rates, merges parameters, and moves
// activations through their states. It knows no HTTP and no Docker. Dialects
// and trigger sources call it; workers claim and finish through it.
package control

import (
	"context"
	"log/slog"
	"net/url"
	"time"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/queue"
	"github.com/hearth-faas/hearth/store"
)

// Plane is the control plane of one process. It is safe for concurrent use.
type Plane struct {
	db    *store.DB
	tasks *queue.Client
	log   *slog.Logger
	opt   Options

	subjects *recent[credentialsDigest, core.Subject]
	owners   *recent[string, core.Subject]

	crew    *roster
	fleet   *Fleet
	waiters *waiters
}

// Options of a Plane.
type Options struct {
	// Range is what actions may ask for; the zero value means
	// core.DefaultRange.
	Range core.LimitRange
	// Rates bound a namespace that has no values of its own; the zero value
	// means core.DefaultRates.
	Rates core.Rates
	// Server names this process' reply stream; required where callers wait.
	Server string
	// Retention says how long done activations are kept.
	Retention store.Retention
	// MaxQueued bounds the tasks that wait in all queues; 0 means 100,000.
	// Beyond it nothing is accepted.
	MaxQueued int
	// MaxAge is how long an activation may wait in a queue before it ends as
	// expired; 0 means an hour.
	MaxAge time.Duration
	// Sources are told of triggers.
	Sources []TriggerSource
	// Deployed is called when a function was written, and with nil when one was
	// deleted; it may be called again for the same. nil means that nobody is.
	Deployed func(context.Context, core.Name, *core.Function) error
	// Store says which records are kept.
	Store StoreLevels
	// Observer is told of ends and refusals.
	Observer Observer
	// CallbackURL refuses addresses that callbacks may not go to, with an Error
	// of KindInvalid; nil means that none is refused when it is accepted.
	CallbackURL func(*url.URL) error
}

// New makes a Plane and starts nothing: Run serves those who wait.
func New(db *store.DB, tasks *queue.Client, log *slog.Logger, opt Options) *Plane {
	if opt.Range == (core.LimitRange{}) {
		opt.Range = core.DefaultRange()
	}
	if opt.Rates == (core.Rates{}) {
		opt.Rates = core.DefaultRates()
	}
	if opt.MaxQueued <= 0 {
		opt.MaxQueued = 100_000
	}
	if opt.MaxAge <= 0 {
		opt.MaxAge = time.Hour
	}
	p := &Plane{
		db: db, tasks: tasks, log: log, opt: opt,
		subjects: newRecent[credentialsDigest, core.Subject](identityLife, identities),
		owners:   newRecent[string, core.Subject](identityLife, identities),
		crew:     newRoster(db, tasks), waiters: newWaiters(),
	}
	p.fleet = newFleet(p)
	return p
}
