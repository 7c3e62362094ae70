package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const (
	// drainTime is how long requests have to end after SIGTERM. Docker kills
	// after ten seconds.
	drainTime = 8 * time.Second
	// closeTime is what the action's process has at least, after that.
	closeTime = time.Second
	// idleTime is how long a connection is kept for the next request.
	idleTime = 5 * time.Minute
)

// function is what the proxy serves: each mode is one.
type function interface {
	http.Handler
	// Signal passes a signal on to the action's process.
	Signal(os.Signal)
	// Close ends the action's process, by force when done is closed.
	Close(done <-chan struct{})
}

// server is how a function is served. The zero value of what is optional means
// that the function does not care.
type server struct {
	function    function
	socket      string        // where to listen, or …
	port        string        // … the TCP port
	read, write time.Duration // time limits of requests, optional
	drain       time.Duration // of requests at the end
	// opened is called once requests are answered, optional.
	opened func(net.Addr) error
	// leaving is called when the function must end, before it stops to take
	// requests, and returns when it may; optional.
	leaving func(context.Context)
	log     *slog.Logger
}

// run listens and serves until SIGTERM or SIGINT, or an error on failed. Other
// signals go to the action.
func (s *server) run(ctx context.Context, failed chan error) error {
	listener, err := listen(ctx, s.socket, s.port)
	if err != nil {
		return err
	}
	web := &http.Server{
		Handler: s.function, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
		ReadTimeout: s.read, WriteTimeout: s.write, IdleTimeout: idleTime,
	}
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2)
	defer signal.Stop(signals)
	go func() {
		if err := web.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			failed <- fmt.Errorf("serve: %w", err)
		}
	}()
	s.log.Debug("listening", "address", listener.Addr())
	if s.opened != nil {
		if err := s.opened(listener.Addr()); err != nil {
			return err
		}
	}
	for {
		select {
		case err := <-failed:
			return err
		case sig := <-signals:
			if sig == syscall.SIGTERM || sig == syscall.SIGINT {
				return s.stop(ctx, web, signals)
			}
			s.function.Signal(sig)
		}
	}
}

// stop ends requests first, and then the action that answers them. A second
// signal shortens the time in which it still takes requests.
func (s *server) stop(ctx context.Context, web *http.Server, signals <-chan os.Signal) error {
	ctx = context.WithoutCancel(ctx)
	if s.leaving != nil {
		wait, hurry := context.WithCancel(ctx)
		go func() {
			select {
			case <-signals:
				hurry()
			case <-wait.Done():
			}
		}()
		s.leaving(wait)
		hurry()
	}
	deadline := time.Now().Add(s.drain)
	draining, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	err := web.Shutdown(draining)
	s.function.Signal(syscall.SIGTERM)
	closing, cancel := context.WithTimeout(ctx, max(closeTime, min(time.Until(deadline), drainTime)))
	defer cancel()
	s.function.Close(closing.Done())
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("stop serving: %w", err)
	}
	return nil
}

// listen opens the unix socket, for everybody who can reach its folder, or
// the port.
func listen(ctx context.Context, socket, port string) (net.Listener, error) {
	var config net.ListenConfig
	if socket == "" {
		return config.Listen(ctx, "tcp", ":"+port)
	}
	if err := os.Remove(socket); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("remove the old socket: %w", err)
	}
	// The socket appears with its final mode: a caller may be another user.
	old := syscall.Umask(0)
	listener, err := config.Listen(ctx, "unix", socket)
	syscall.Umask(old)
	return listener, err
}
