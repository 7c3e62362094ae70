package direct

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
)

// Tally counts the calls of functions that one process makes, whoever asked
// for them: in OpenFaaS' metrics, and in the numbers of invocations, which
// scaling goes by.
type Tally struct {
	namespace string
	seen      *metrics
	counts    *counter
}

// NewTally returns a Tally whose metrics are registered with r. namespace is
// the one that clients know as openfaas-fn.
func NewTally(plane *control.Plane, log *slog.Logger, namespace string, r prometheus.Registerer) (*Tally, error) {
	seen, err := newMetrics(r)
	if err != nil {
		return nil, fmt.Errorf("register metrics of functions: %w", err)
	}
	return &Tally{namespace: namespace, seen: seen, counts: newCounter(plane, log)}, nil
}

// Run writes the numbers of invocations behind the calls until ctx ends.
func (t *Tally) Run(ctx context.Context) error { return t.counts.run(ctx) }

// Serving is what Router.Serve does.
type Serving = func(w http.ResponseWriter, r *http.Request, name core.Name) error

// Counted returns serve with its calls counted.
func (t *Tally) Counted(serve Serving) Serving {
	return func(w http.ResponseWriter, r *http.Request, name core.Name) error {
		began := time.Now()
		out := &response{ResponseWriter: w}
		end := t.begin(name)
		err := serve(out, r, name)
		end(cmp.Or(out.status, silent(err)), time.Since(began))
		return err
	}
}

// silent is the status under which a call without an answer is counted.
func silent(err error) int {
	switch {
	case err == nil:
		return http.StatusOK
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusGatewayTimeout
	case errors.Is(err, context.Canceled):
		return statusClientGone
	case errors.Is(err, ErrHeld):
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// begin notes a call of a function that exists; what it returns notes its end.
func (t *Tally) begin(name core.Name) (end func(code int, took time.Duration)) {
	noted := t.seen.begin(t.shown(name))
	return func(code int, took time.Duration) {
		noted(code, took)
		t.counts.add(name)
	}
}

// shown is how clients write the name.
func (t *Tally) shown(name core.Name) string {
	if name.Namespace == t.namespace {
		return name.Name + "." + defaultNamespace
	}
	return name.Name + "." + name.Namespace
}
