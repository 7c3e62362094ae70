package main

import (
	"context"
	"net"

	"github.com/labstack/echo/v4"
	"golang.org/x/sync/errgroup"

	"github.com/hearth-faas/hearth/apiserver"
	"github.com/hearth-faas/hearth/apiserver/console"
	"github.com/hearth-faas/hearth/apiserver/openwhisk"
	"github.com/hearth-faas/hearth/direct"
)

// apiStage is the API server in two stages: it listens early, because others
// need to know where, and serves once they are there.
type apiStage struct {
	parts    *parts
	settings apiSettings
	plane    planeSettings
	server   *apiserver.Server
	gateway  *direct.Gateway
}

// listen is the stage that makes the server and takes its address. Clients
// that come before it serves wait.
func (a *apiStage) listen() stage {
	return stage{name: "listener", start: func(ctx context.Context) error {
		x, s := a.parts, a.settings
		pages, err := console.New(x.plane, x.log)
		if err != nil {
			return err
		}
		admin, err := s.admin()
		if err != nil {
			return err
		}
		functions, admits, err := a.functions(admin)
		if err != nil {
			return err
		}
		a.gateway = direct.NewGateway(x.router, x.tally, x.log, direct.GatewayOptions{
			Namespace: s.FunctionNamespace, AsyncLimit: s.AsyncBodyLimit, Admits: admits, Records: s.FunctionRecords,
		})
		a.server, err = apiserver.New(x.plane, x.manifest, x.log, apiserver.Options{
			Addr:      s.Addr,
			CertFile:  s.TLSCert,
			KeyFile:   s.TLSKey,
			Drain:     s.Drain,
			Metrics:   x.metrics,
			Functions: a.gateway,
			Mounts:    []func(*echo.Echo){pages.Mount, x.webhooks(s.PublicURL), functions},
			Ready:     func(ctx context.Context) error { return x.redis.Ping(ctx).Err() },
			OpenWhisk: openwhisk.Options{Range: a.plane.limits(), Rates: a.plane.rates(), BuildNumber: version, Admin: admin,
				VanityHost: s.VanityHost},
		})
		if err != nil {
			return err
		}
		a.gateway.SetActions(a.server.Handler())
		return a.server.Listen(ctx)
	}}
}

// serve is the stage that serves the APIs. ready is called with their address
// just before.
func (a *apiStage) serve(ready func(ctx context.Context, url string) error) stage {
	return stage{
		name:  "api server",
		start: func(ctx context.Context) error { return ready(ctx, a.url()) },
		run: func(ctx context.Context) error {
			counting, stop := context.WithCancel(context.WithoutCancel(ctx))
			group, counting := errgroup.WithContext(counting)
			group.Go(func() error { return a.gateway.Run(counting) })
			group.Go(func() error {
				defer stop() // when no call is left to count
				return a.server.Run(ctx)
			})
			return group.Wait()
		},
	}
}

// url is the address for clients.
func (a *apiStage) url() string {
	if a.settings.PublicURL != "" {
		return a.settings.PublicURL
	}
	scheme := "http"
	if a.settings.TLSCert != "" {
		scheme = "https"
	}
	listening := a.server.Addr().String()
	host, port, err := net.SplitHostPort(listening)
	if err != nil {
		return scheme + "://" + listening
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}
