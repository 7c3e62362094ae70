package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	logpkg "log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/hearth-faas/hearth/runtime/proxy/reap"
	"github.com/hearth-faas/hearth/runtime/proxy/sentinel"
	"github.com/hearth-faas/hearth/runtime/proxy/watchdog"
)

// watch serves a function as the watchdogs do. mode is empty if the variables
// of the function say it.
func watch(ctx context.Context, environ []string, mode string, r *reap.Reaper, log *slog.Logger) error {
	config, err := watchdog.ConfigFrom(environ, mode)
	if err != nil {
		return err
	}
	streams := sentinel.Standard()
	logpkg.New(streams.Err, "", logpkg.LstdFlags).Printf("Version: %s\tSHA: unknown", version)
	w := watchdog.New(config, r, streams.Out, streams.Err)
	failed := make(chan error, 2)
	if err := w.Start(func(err error) { failed <- err }); err != nil {
		return err
	}
	s := &server{
		function: w, socket: variable(environ, "HEARTH_SOCKET"), port: config.Port, log: log,
		read: config.ReadTimeout, write: config.WriteTimeout, drain: config.DrainTimeout,
		leaving: w.Leave,
		opened: func(address net.Addr) error {
			return w.Open(portOf(address))
		},
	}
	stop, err := measure(ctx, config.MetricsPort, w.Metrics(), streams.Err)
	if err != nil {
		// The port may be the function's own; that is no reason not to run it.
		fmt.Fprintln(streams.Err, "metrics are not served:", err)
	}
	defer stop()
	return s.run(ctx, failed)
}

// measure serves metrics until the function that it returns is called, which
// is never nil.
func measure(ctx context.Context, port string, metrics http.Handler, errs io.Writer) (func(), error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", ":"+port)
	if err != nil {
		return func() {}, err
	}
	mux := http.NewServeMux()
	mux.Handle("/metrics", metrics)
	web := &http.Server{Handler: mux, ReadTimeout: 5 * time.Second, WriteTimeout: 5 * time.Second}
	go func() {
		if err := web.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			fmt.Fprintln(errs, "metrics are not served any more:", err)
		}
	}()
	fmt.Fprintf(errs, "Metrics listening on port: %s\n", portOf(listener.Addr()))
	return func() { _ = web.Close() }, nil
}

// portOf is the port of a TCP address, and a socket's name otherwise.
func portOf(address net.Addr) string {
	if _, port, err := net.SplitHostPort(address.String()); err == nil {
		return port
	}
	return address.String()
}

// checkHealth is the flag -run-healthcheck.
func checkHealth() error {
	if _, err := os.Stat(watchdog.LockFile()); err != nil {
		return errors.New("unable to find lock file")
	}
	return nil
}
