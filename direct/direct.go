// Package direct calls functions without the queue: it finds a replica on any
// worker and passes a request to it, with everything streamed both ways. A
// request for a function that is scaled to none is held until a replica is
// ready. Gateway is its face for clients, /function/.
package direct

import (
	"context"
	"errors"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"sync"
	"time"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
)

// Local serves calls with the replicas of this process' own worker. It is what
// replica.Manager does.
type Local interface {
	Serve(w http.ResponseWriter, r *http.Request, name core.Name) error
}

// Options of a Router. Zero values mean the defaults.
type Options struct {
	// Hold is how long a request waits for a replica; default 100 s.
	Hold time.Duration
}

// Router passes requests to replicas, wherever they are. It is safe for
// concurrent use.
type Router struct {
	plane  *control.Plane
	log    *slog.Logger
	opt    Options
	remote *http.Transport
	quiet  *log.Logger

	mu       sync.Mutex
	token    string // of the worker in this process, "" for none
	local    Local
	inflight map[place]int
}

// place is a function on a worker process.
type place struct {
	name   core.Name
	worker string
}

// NewRouter returns a Router without a worker of its own.
func NewRouter(plane *control.Plane, logger *slog.Logger, opt Options) *Router {
	if opt.Hold == 0 {
		opt.Hold = 100 * time.Second
	}
	return &Router{plane: plane, log: logger, opt: opt, inflight: map[place]int{}, quiet: log.New(io.Discard, "", 0), remote: &http.Transport{
		DisableCompression: true, MaxIdleConnsPerHost: 1024, IdleConnTimeout: time.Minute, ExpectContinueTimeout: time.Second,
	}}
}

// SetLocal gives the router the worker process of that token, which is in
// this one: its replicas are called without a hop.
func (t *Router) SetLocal(token string, local Local) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.token, t.local = token, local
}

// The failures of Serve beside those of the store.
var (
	// ErrHeld: no replica was ready in time.
	ErrHeld = errors.New("no replica was ready in time")
	// ErrTrouble: none can be started; the text that follows says why.
	ErrTrouble = errors.New("function cannot be started")
	// ErrReplica: the replica that had the request did not answer.
	ErrReplica = errors.New("replica did not answer")
)

// Serve passes the request to a replica of the function. The request's URL is
// what the function gets. An error means that nothing was written: of
// core.KindNotFound for no such function, context.DeadlineExceeded when no
// answer began in time, or one of those above.
func (t *Router) Serve(w http.ResponseWriter, r *http.Request, name core.Name) error {
	ctx := r.Context()
	var held <-chan time.Time
	for {
		f, err := t.plane.Fleet().Find(ctx, name)
		if err != nil {
			return err
		}
		if f.Action.Function == nil {
			return core.Errorf(core.KindNotFound, "no function of that name")
		}
		pause := time.Duration(0)
		if spot, ok := t.choose(name, f.Spots); ok {
			err := t.send(w, r, name, spot)
			if !errors.Is(err, core.ErrNoReplica) {
				return err
			}
			pause = behind // the worker knows more than we do
		} else if err := t.wake(ctx, f); err != nil {
			return err
		}
		if held == nil {
			timer := time.NewTimer(t.opt.Hold)
			defer timer.Stop()
			held = timer.C
		}
		if err := wait(ctx, f.Changed, held, pause); err != nil {
			return err
		}
	}
}

// behind is how long news of a replica may be on its way.
const behind = 50 * time.Millisecond

// wake asks for replicas of a function that has none.
func (t *Router) wake(ctx context.Context, f *control.Deployed) error {
	if f.Action.Replicas == 0 {
		return t.plane.WakeFunction(ctx, f.Action)
	}
	if text := f.Trouble(); text != "" {
		return &troubleError{text}
	}
	return nil
}

type troubleError struct{ text string }

func (e *troubleError) Error() string { return ErrTrouble.Error() + ": " + e.text }

// Is makes it an ErrTrouble.
func (e *troubleError) Is(target error) bool { return target == ErrTrouble } //nolint:errorlint // as Is has to be

// wait returns when something may have changed, or an error.
func wait(ctx context.Context, changed <-chan struct{}, held <-chan time.Time, pause time.Duration) error {
	var soon <-chan time.Time
	if pause > 0 {
		timer := time.NewTimer(pause)
		defer timer.Stop()
		soon = timer.C
	}
	select {
	case <-changed:
	case <-soon:
	case <-held:
		return ErrHeld
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return nil
}

// choose returns the worker with the fewest calls for each of its replicas,
// and counts one more there.
func (t *Router) choose(name core.Name, spots []control.Spot) (control.Spot, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	best, load := -1, 0.0
	for i, s := range spots {
		if s.Ready == 0 || s.Worker != t.token && s.Ingress == "" {
			continue
		}
		if l := float64(t.inflight[place{name, s.Worker}]) / float64(s.Ready); best < 0 || l < load {
			best, load = i, l
		}
	}
	if best < 0 {
		return control.Spot{}, false
	}
	t.inflight[place{name, spots[best].Worker}]++
	return spots[best], true
}

func (t *Router) send(w http.ResponseWriter, r *http.Request, name core.Name, spot control.Spot) error {
	defer t.done(place{name, spot.Worker})
	t.mu.Lock()
	local, own := t.local, spot.Worker == t.token
	t.mu.Unlock()
	var err error
	if own {
		err = local.Serve(w, r, name)
	} else {
		err = t.hop(w, r, name, spot)
	}
	switch {
	case err == nil, errors.Is(err, core.ErrNoReplica), errors.Is(err, context.DeadlineExceeded), r.Context().Err() != nil:
		return err
	}
	return errors.Join(ErrReplica, err)
}

func (t *Router) done(p place) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.inflight[p]--; t.inflight[p] <= 0 {
		delete(t.inflight, p)
	}
}

// Inflight returns how many calls of each function this process waits for.
func (t *Router) Inflight() map[core.Name]int {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := map[core.Name]int{}
	for p, n := range t.inflight {
		all[p.name] += n
	}
	return all
}

// hop passes the request to the ingress of another process.
func (t *Router) hop(w http.ResponseWriter, r *http.Request, name core.Name, spot control.Spot) (failed error) {
	proxy := &httputil.ReverseProxy{
		Rewrite:        func(p *httputil.ProxyRequest) { failed = outward(p, name, spot) },
		Transport:      t.remote,
		FlushInterval:  -1,
		ModifyResponse: refused,
		ErrorLog:       t.quiet,
		ErrorHandler:   func(_ http.ResponseWriter, _ *http.Request, err error) { failed = err },
	}
	if r.ContentLength != 0 {
		_ = http.NewResponseController(w).EnableFullDuplex() // see watchdog.Forwarder
	}
	proxy.ServeHTTP(w, r)
	return failed
}
