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

// stopTime is how long requests and the action have to end after SIGTERM.
// Docker kills after ten seconds.
const stopTime = 8 * time.Second

// function is what the proxy serves: each mode is one.
type function interface {
	http.Handler
	// Signal passes a signal on to the action's process.
	Signal(os.Signal)
	// Close ends the action's process, by force when done is closed.
	Close(done <-chan struct{})
}

// serve listens and serves until SIGTERM or SIGINT, or an error on failed.
// Other signals go to the action.
func serve(ctx context.Context, socket string, f function, failed chan error, log *slog.Logger) error {
	listener, err := listen(ctx, socket)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: f, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)}
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			failed <- fmt.Errorf("serve: %w", err)
		}
	}()
	log.Debug("listening", "address", listener.Addr())

	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2)
	defer signal.Stop(signals)
	for {
		select {
		case err := <-failed:
			return err
		case sig := <-signals:
			if sig == syscall.SIGTERM || sig == syscall.SIGINT {
				return stop(ctx, server, f)
			}
			f.Signal(sig)
		}
	}
}

// stop ends requests first, and then the action that answers them.
func stop(ctx context.Context, server *http.Server, f function) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	err := server.Shutdown(ctx)
	f.Signal(syscall.SIGTERM)
	f.Close(ctx.Done())
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("stop serving: %w", err)
	}
	return nil
}

// listen opens the unix socket, for everybody who can reach its folder, or
// port 8080.
func listen(ctx context.Context, socket string) (net.Listener, error) {
	var config net.ListenConfig
	if socket == "" {
		return config.Listen(ctx, "tcp", ":8080")
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
