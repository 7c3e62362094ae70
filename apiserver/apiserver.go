// Package apiserver is the HTTP server of Hearth: one port for the dialects,
// web actions, health and metrics.
//
// It owns what all of them share: the listener, limits on what clients may
// send and how slowly, transaction ids, the access log and the stop. What
// paths mean is the business of the dialects.
package apiserver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/hearth-faas/hearth/apiserver/openwhisk"
	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/runtime/kinds"
)

// Options of a Server.
type Options struct {
	// Addr is where to listen, host:port; port 0 picks a free one.
	Addr string
	// CertFile and KeyFile are PEM files; both empty serves plain HTTP.
	CertFile, KeyFile string
	// Drain bounds how long Run waits for calls in flight once it is told to
	// stop; 0 means 15 s. Blocking calls may wait 60 s.
	Drain time.Duration
	// BodyLimit is the largest body in bytes; 0 means 50 MiB.
	BodyLimit int64
	// BodyTimeout bounds how long a client may take to send a body; 0 means
	// one minute.
	BodyTimeout time.Duration
	// Metrics is served at /metrics, and gets the server's own metrics. Nil
	// means a registry of its own.
	Metrics *prometheus.Registry
	// Ready says whether calls can be served now; nil means always. Its error
	// is logged and makes /readyz answer 503.
	Ready func(context.Context) error
	// Mounts add the routes of further dialects and of the console.
	Mounts []func(*echo.Echo)
	// Functions serves what is below FunctionPrefixes, past all that limits and
	// logs other requests: bodies of any size are streamed there. Nil serves
	// nothing.
	Functions http.Handler
	// OpenWhisk are the options of that dialect, which is always there. Its
	// Admin.Disable is the server's own: /readyz answers 503 from then on.
	OpenWhisk openwhisk.Options
}

// Server serves HTTP. Use: New, optionally Listen, then Run.
type Server struct {
	echo     *echo.Echo
	log      *slog.Logger
	opt      Options
	listener net.Listener
	draining atomic.Bool
	closing  chan struct{} // closed when Run is to stop
}

// New makes a Server with all routes and starts nothing.
func New(plane *control.Plane, manifest *kinds.Manifest, log *slog.Logger, opt Options) (*Server, error) {
	if (opt.CertFile == "") != (opt.KeyFile == "") {
		return nil, errors.New("a certificate needs its key, and a key its certificate")
	}
	if opt.Drain == 0 {
		opt.Drain = 15 * time.Second
	}
	if opt.BodyLimit == 0 {
		opt.BodyLimit = 50 << 20
	}
	if opt.BodyTimeout == 0 {
		opt.BodyTimeout = time.Minute
	}
	if opt.Metrics == nil {
		opt.Metrics = prometheus.NewRegistry()
	}
	s := &Server{echo: echo.New(), log: log, opt: opt, closing: make(chan struct{})}
	seen, err := newMetrics(opt.Metrics)
	if err != nil {
		return nil, fmt.Errorf("register metrics of the server: %w", err)
	}
	opt.OpenWhisk.Admin.Disable = func() { s.draining.Store(true) }
	whisk := openwhisk.New(plane, manifest, log, opt.OpenWhisk)
	e := s.echo
	e.HTTPErrorHandler = whisk.RenderError
	e.Pre(transaction, s.observe(seen), s.recover, s.limitBody, s.streams)
	s.mountHealth(e)
	whisk.Mount(e)
	for _, mount := range opt.Mounts {
		mount(e)
	}
	return s, nil
}

// Handler is the server without its listener, for tests and for embedding.
func (s *Server) Handler() http.Handler {
	if s.opt.Functions == nil {
		return s.echo
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, prefix := range FunctionPrefixes() {
			if strings.HasPrefix(r.URL.Path, prefix) {
				s.opt.Functions.ServeHTTP(w, r)
				return
			}
		}
		s.echo.ServeHTTP(w, r)
	})
}

// FunctionPrefixes begin the paths of direct and of queued calls of functions.
func FunctionPrefixes() [2]string { return [2]string{"/function/", "/async-function/"} }

// Listen takes the address, so that Addr is known before Run.
func (s *Server) Listen(ctx context.Context) error {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", s.opt.Addr)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", s.opt.Addr, err)
	}
	s.listener = l
	return nil
}

// Addr is where the server listens; nil before Listen.
func (s *Server) Addr() net.Addr {
	if s.listener == nil {
		return nil
	}
	return s.listener.Addr()
}

// lastWords is how long calls may take to answer once their context ended.
const lastWords = 2 * time.Second

// Run serves until ctx is done, then stops accepting, waits for the calls in
// flight and returns. Calls that outlast Options.Drain are cut off, which is
// no error: blocking ones answer with the id of their activation.
func (s *Server) Run(ctx context.Context) error {
	if s.listener == nil {
		if err := s.Listen(ctx); err != nil {
			return err
		}
	}
	// Requests outlive ctx by the drain; base ends what outlasts that.
	base, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	srv := &http.Server{
		Handler:           s.Handler(),
		BaseContext:       func(net.Listener) context.Context { return base },
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	served := make(chan error, 1)
	go func() { served <- s.serve(srv) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve http: %w", err)
	case <-ctx.Done():
	}
	// The order: readiness first, so that balancers look elsewhere; then those
	// who follow events; then the listener and idle connections; then calls in
	// flight; then, by force, those that are left.
	s.draining.Store(true) // it is already, where an operator has asked for it
	close(s.closing)
	wait, done := context.WithTimeout(base, s.opt.Drain)
	defer done()
	if err := srv.Shutdown(wait); err != nil {
		s.log.Warn("calls cut off at shutdown", slog.Any("err", err))
		cut()
		answer, done := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
		defer done()
		if srv.Shutdown(answer) != nil {
			_ = srv.Close() // it reports what the listener said when it was closed before
		}
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve http: %w", err)
	}
	return nil
}

func (s *Server) serve(srv *http.Server) error {
	if s.opt.CertFile != "" {
		return srv.ServeTLS(s.listener, s.opt.CertFile, s.opt.KeyFile)
	}
	return srv.Serve(s.listener)
}
