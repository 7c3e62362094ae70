package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// monitorSettings are those of processes that serve nothing else.
type monitorSettings struct {
	Metrics string `group:"Settings" placeholder:"ADDR" help:"Serve /metrics and /healthz on this address."`
}

// monitor is the stage that serves metrics, where that is asked for.
func (s monitorSettings) monitor(x *parts) stage {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(x.metrics, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "ok\n") // the client may be gone
	})
	return x.aside("metrics", s.Metrics, mux)
}

// aside is a stage that serves HTTP for operators, on an address of its own.
// Without an address it does nothing.
func (x *parts) aside(name, address string, handler http.Handler) stage {
	if address == "" {
		return stage{name: name}
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	var listener net.Listener
	return stage{
		name: name,
		start: func(ctx context.Context) (err error) {
			if listener, err = new(net.ListenConfig).Listen(ctx, "tcp", address); err != nil {
				return err
			}
			x.log.InfoContext(ctx, "served for operators", "what", name, "address", listener.Addr().String())
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
