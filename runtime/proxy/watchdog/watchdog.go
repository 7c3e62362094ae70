// Package watchdog keeps the contract of OpenFaaS function images: plain HTTP
// on a port, with the function's process behind it, in the modes of the
// classic watchdog and of of-watchdog.
package watchdog

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"

	"github.com/hearth-faas/hearth/runtime/proxy/reap"
)

// Watchdog serves a function. Its methods are called in this order: Start,
// Open, and when it shall end Leave, Signal, Close.
type Watchdog struct {
	config   Config
	log      *log.Logger
	gate     *gate
	metrics  *metrics
	function http.Handler // without the limit of requests
	upstream *upstream    // mode HTTP only
	groups   *groups      // of the other modes
	handler  http.Handler
	limit    *limit
}

// New returns a Watchdog, which writes to out what the function's process
// prints and to errs the lines that people look for in the logs of a function.
func New(c Config, r *reap.Reaper, out, errs io.Writer) *Watchdog {
	l := log.New(errs, "", log.LstdFlags)
	w := &Watchdog{config: c, log: l, gate: newGate(c, l), metrics: newMetrics(), groups: newGroups()}
	f := fork{config: &w.config, reaper: r, log: l, groups: w.groups}
	switch c.Mode {
	case HTTP:
		w.upstream = newUpstream(&w.config, r, log.New(out, "", log.LstdFlags), l)
		w.function = w.upstream
	case Static:
		w.function = http.FileServer(http.Dir(c.StaticPath))
	case Streaming:
		w.function = &streaming{fork: f}
	case Serializing:
		w.function = &serializing{fork: f}
	default:
		w.function = &classic{fork: f}
	}
	w.limit = newLimit(w.function, c.MaxInflight)
	w.handler = w.metrics.instrument(w.limit)
	return w
}

// Start starts the function's server, if it is one. When that ends with an
// error, failed is called.
func (w *Watchdog) Start(failed func(error)) error {
	w.log.Printf("Watchdog mode: %s\tfprocess: %q", w.config.Mode, w.config.Process)
	w.log.Printf("Timeouts: read: %s write: %s hard: %s health: %s",
		w.config.ReadTimeout, w.config.WriteTimeout, w.config.ExecTimeout, w.config.HealthInterval)
	if w.upstream == nil {
		return nil
	}
	return w.upstream.start(failed)
}

// Open says that requests are answered from now on, at address.
func (w *Watchdog) Open(address string) error {
	w.log.Printf("Listening on port: %s", address)
	if err := w.gate.open(); err != nil {
		return fmt.Errorf("write the lock file (suppress_lock=true does without it): %w", err)
	}
	return nil
}

// Leave says that the function is not healthy any more, and gives those who
// watch it time to see it. Requests are still answered meanwhile.
func (w *Watchdog) Leave(ctx context.Context) {
	w.log.Printf("SIGTERM: no new connections in %s", w.config.HealthInterval)
	w.gate.close()
	pause(ctx, w.config.HealthInterval)
	w.log.Printf("No new connections allowed, draining: %d requests", w.metrics.inflight.Load())
}

// Signal passes a signal on to the function's server.
func (w *Watchdog) Signal(sig os.Signal) {
	if w.upstream != nil {
		w.upstream.signal(sig)
	}
}

// Close waits for the function's server, and kills it when done is closed. It
// ends what still runs for requests at once.
func (w *Watchdog) Close(done <-chan struct{}) {
	w.groups.killAll()
	if w.upstream != nil {
		w.upstream.close(done)
	}
	w.log.Printf("Exiting. Active connections: %d", w.metrics.inflight.Load())
}

// Metrics serves the metrics, whatever the path.
func (w *Watchdog) Metrics() http.Handler { return w.metrics }

// ServeHTTP answers a request.
func (w *Watchdog) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/_/health":
		w.health(rw, r)
	case r.URL.Path == "/_/ready" && w.config.Mode != Classic:
		w.ready(rw, r)
	default:
		w.handler.ServeHTTP(rw, r)
	}
}
