// Package callback delivers what activations owe when they end: callbacks to
// URLs, and destinations, which are URLs, actions or triggers.
//
// A delivery is made in Redis by the script that ends its activation, and
// stays there until it is over. Senders claim it, attempt it and settle it;
// one that dies in between leaves a lease that ends. So a receiver hears of
// each end at least once, always under the same id, or the delivery is dead
// and says why. Whatever comes of it, its activation is left alone.
package callback

import (
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

// Options of a Sender. Zero values mean what they say.
type Options struct {
	// Policy says where callbacks may go; required.
	Policy *Policy
	// Shapes make the messages of forms that a dialect knows.
	Shapes map[core.Form]Shape
	// Attempts is how often a delivery is tried; 0 means 10. Age is for how
	// long; 0 means 24 h.
	Attempts int
	Age      time.Duration
	Backoff  Backoff
	// Timeout bounds an attempt from the connection to the end of the answer; 0
	// means 15 s.
	Timeout time.Duration
	// Keep is how long deliveries that are over are kept; 0 means 7 days.
	Keep time.Duration
	// Abreast bounds the attempts at once; 0 means 256. Half of them may be of
	// one namespace, and Host of one receiver; 0 means 32.
	Abreast, Host int
	// Look is how often namespaces are looked at without being told to; 0 means
	// 5 s.
	Look time.Duration
	// Resolver finds the addresses of names; nil means the machine's.
	Resolver *net.Resolver
	// Grace is how long attempts may go on when the Sender ends; 0 means 3 s.
	Grace time.Duration
}

func (o Options) orDefault() Options {
	duration := func(d *time.Duration, otherwise time.Duration) {
		if *d <= 0 {
			*d = otherwise
		}
	}
	number := func(n *int, otherwise int) {
		if *n <= 0 {
			*n = otherwise
		}
	}
	number(&o.Attempts, 10)
	number(&o.Abreast, 256)
	number(&o.Host, 32)
	duration(&o.Age, 24*time.Hour)
	duration(&o.Timeout, 15*time.Second)
	duration(&o.Keep, 7*24*time.Hour)
	duration(&o.Look, 5*time.Second)
	duration(&o.Grace, 3*time.Second)
	return o
}

// leaseMargin is how much longer a delivery is leased than an attempt may
// take.
const leaseMargin = 15 * time.Second

// Sender attempts deliveries. Any number may run.
type Sender struct {
	plane  *control.Plane
	db     *store.DB
	log    *slog.Logger
	opt    Options
	shapes map[core.Form]Shape
	http   *http.Client
	wake   chan struct{} // has room for one
	stats  Stats

	mu     sync.Mutex
	due    map[string]bool // namespaces to be looked at
	hungry map[string]bool // those with more than there was room for
	spaces map[string]int  // attempts of each namespace
	lanes  map[string]*laneState
	busy   int
	keys   map[string]signer
}

// New makes a Sender and starts nothing.
func New(plane *control.Plane, db *store.DB, log *slog.Logger, opt Options) *Sender {
	opt = opt.orDefault()
	s := &Sender{
		plane: plane, db: db, log: log, opt: opt, http: newClient(opt), wake: make(chan struct{}, 1),
		shapes: map[core.Form]Shape{core.FormResponse: response, core.FormEnvelope: envelopeOf},
		due:    map[string]bool{}, hungry: map[string]bool{}, spaces: map[string]int{},
		lanes: map[string]*laneState{}, keys: map[string]signer{},
	}
	for form, shape := range opt.Shapes {
		s.shapes[form] = shape
	}
	return s
}
