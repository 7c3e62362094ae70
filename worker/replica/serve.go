package replica

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/worker/protocol/watchdog"
)

// call is one request on its way.
type call struct {
	name    core.Name
	replica *replica // that has it
	timer   *time.Timer
	err     error
}

type callKey struct{}

// Serve passes the request to a replica of the function: the one here with
// the fewest calls, and another when that refuses connections. The request's
// URL is what the function gets. An error means that nothing was written:
// core.ErrNoReplica when nothing was sent either, context.DeadlineExceeded
// when no answer began in time.
func (m *Manager) Serve(w http.ResponseWriter, r *http.Request, name core.Name) error {
	c := &call{name: name}
	ctx, cancel := context.WithCancelCause(context.WithValue(r.Context(), callKey{}, c))
	defer cancel(nil)
	c.timer = time.AfterFunc(m.opt.Timeout, func() { cancel(context.DeadlineExceeded) })
	defer c.timer.Stop()
	defer func() {
		if c.replica != nil {
			m.release(c.replica)
		}
	}()
	m.forward.ServeHTTP(w, r.WithContext(ctx))
	if c.err != nil && r.Context().Err() == nil && errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
		return context.DeadlineExceeded
	}
	return c.err
}

// transport sends a request to a replica of the function in its context.
type transport struct{ manager *Manager }

// RoundTrip is called with a request that the forwarder made.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	c, _ := r.Context().Value(callKey{}).(*call)
	if r.Body != nil {
		r.Body = unclosed{r.Body} // so that another replica can have it
	}
	for {
		if c.replica = t.manager.take(c.name, c.replica); c.replica == nil {
			return nil, core.ErrNoReplica
		}
		res, err := c.replica.client.RoundTrip(r)
		switch {
		case err == nil:
			c.timer.Stop()
			complete(r, res)
			return res, nil
		case !errors.Is(err, watchdog.ErrRefused):
			return nil, err
		}
	}
}

// unclosed is a body that stays open when a transport gives up on it; whoever
// serves the request closes it.
type unclosed struct{ io.Reader }

// Close does nothing.
func (unclosed) Close() error { return nil }

// complete adds to the answer what clients expect in each.
func complete(r *http.Request, res *http.Response) {
	for _, name := range []string{watchdog.HeaderCallID, watchdog.HeaderStartTime} {
		if value := r.Header.Get(name); value != "" && res.Header.Get(name) == "" {
			res.Header.Set(name, value)
		}
	}
	if res.Header.Get("Content-Type") != "" || res.StatusCode < 200 || res.StatusCode == http.StatusNoContent ||
		res.StatusCode == http.StatusNotModified || res.ContentLength == 0 {
		return
	}
	kind := r.Header.Get("Content-Type")
	if kind == "" {
		kind = "text/plain"
	}
	res.Header.Set("Content-Type", kind)
}

// take gives the call to a replica, after not has refused it.
func (m *Manager) take(name core.Name, not *replica) *replica {
	m.mu.Lock()
	defer m.mu.Unlock()
	if not != nil {
		not.leave()
	}
	s := m.sets[name]
	if s == nil {
		return nil
	}
	r := s.pick(not)
	if r != nil {
		r.inflight++
	}
	return r
}

func (m *Manager) release(r *replica) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r.leave()
}

// leave ends a call in the replica.
func (r *replica) leave() {
	r.inflight--
	if r.state == draining && r.inflight == 0 {
		close(r.idle)
	}
}

// failed notes why a request was not answered; Serve returns it.
func failed(_ http.ResponseWriter, r *http.Request, err error) {
	if c, ok := r.Context().Value(callKey{}).(*call); ok {
		c.err = err
	}
}
