package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/hearth-faas/hearth/apiserver"
	"github.com/hearth-faas/hearth/apiserver/console"
	"github.com/hearth-faas/hearth/apiserver/openwhisk"
)

// server is the stage that serves the APIs. ready is called with the address
// once clients can connect.
func (s apiSettings) server(x *parts, plane planeSettings, ready func(ctx context.Context, url string) error) stage {
	var server *apiserver.Server
	return stage{
		name: "api server",
		start: func(ctx context.Context) (err error) {
			pages, err := console.New(x.plane, x.log)
			if err != nil {
				return err
			}
			server, err = apiserver.New(x.plane, x.manifest, x.log, apiserver.Options{
				Addr:      s.Addr,
				CertFile:  s.TLSCert,
				KeyFile:   s.TLSKey,
				Drain:     s.Drain,
				Metrics:   x.metrics,
				Mounts:    []func(*echo.Echo){pages.Mount},
				Ready:     func(ctx context.Context) error { return x.redis.Ping(ctx).Err() },
				OpenWhisk: openwhisk.Options{Range: plane.limits(), Rates: plane.rates(), BuildNumber: version},
			})
			if err != nil {
				return err
			}
			if err := server.Listen(ctx); err != nil {
				return err
			}
			return ready(ctx, s.url(server.Addr()))
		},
		run: func(ctx context.Context) error { return server.Run(ctx) },
	}
}

// url is the address for clients.
func (s apiSettings) url(listening net.Addr) string {
	if s.PublicURL != "" {
		return s.PublicURL
	}
	scheme := "http"
	if s.TLSCert != "" {
		scheme = "https"
	}
	host, port, err := net.SplitHostPort(listening.String())
	if err != nil {
		return scheme + "://" + listening.String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}

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
