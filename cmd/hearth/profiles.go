package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/pprof"
	"time"
)

// pprof is the stage that serves Go's profiles, where that is asked for.
func (s logSettings) pprof(x *parts) stage {
	if s.Pprof == "" {
		return stage{name: "profiles"}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	var listener net.Listener
	return stage{
		name: "profiles",
		start: func(ctx context.Context) (err error) {
			if listener, err = new(net.ListenConfig).Listen(ctx, "tcp", s.Pprof); err != nil {
				return err
			}
			x.log.InfoContext(ctx, "profiles are served", "address", listener.Addr().String())
			return nil
		},
		run: func(ctx context.Context) error {
			defer context.AfterFunc(ctx, func() { _ = server.Close() })()
			if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
				return err
			}
			return nil
		},
	}
}
