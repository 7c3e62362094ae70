// Package openwhisk is the Apache OpenWhisk dialect: the REST API that wsk,
// the openwhisk npm client and wskdeploy speak, and web actions.
//
// It only translates. Handlers decode a request, call control and encode what
// comes back; README.md lists where the answers differ from the original's.
package openwhisk

import (
	"log/slog"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/runtime/kinds"
)

// Dialect serves the OpenWhisk API on a control plane. It is safe for
// concurrent use.
type Dialect struct {
	plane    *control.Plane
	manifest *kinds.Manifest
	log      *slog.Logger
	opt      Options
}

// Options of a Dialect.
type Options struct {
	// Range and Rates are the platform's, as shown by GET /; zero values mean
	// core.DefaultRange and core.DefaultRates.
	Range core.LimitRange
	Rates core.Rates
	// Build and BuildNumber are shown by GET /api/v1. Build should be a date:
	// wsk's own tests want it to begin with "20". Empty means "2026".
	Build, BuildNumber string
	// MaxWait bounds a blocking call; 0 means core.MaxBlocking.
	MaxWait time.Duration
	// Admin is the operator's way in; the zero value means none.
	Admin Admin
	// VanityHost is the domain whose subdomains are web actions:
	// NAMESPACE.HOST/PACKAGE/ACTION. Empty means that there is none.
	VanityHost string
}

// New makes a Dialect; Mount adds its routes to a server.
func New(plane *control.Plane, manifest *kinds.Manifest, log *slog.Logger, opt Options) *Dialect {
	if opt.Range == (core.LimitRange{}) {
		opt.Range = core.DefaultRange()
	}
	if opt.Rates == (core.Rates{}) {
		opt.Rates = core.DefaultRates()
	}
	if opt.Build == "" {
		opt.Build = "2026"
	}
	if opt.MaxWait == 0 {
		opt.MaxWait = core.MaxBlocking
	}
	return &Dialect{plane: plane, manifest: manifest, log: log, opt: opt}
}

// Mount adds the routes of the dialect. The server is expected to set the
// response header X-Request-ID before any of them runs, and to hand errors
// of unknown routes to RenderError.
func (d *Dialect) Mount(e *echo.Echo) {
	e.Pre(d.vanity, d.preflight)
	for _, r := range d.routes() {
		r.register(e, d)
	}
	d.mountAdmin(e)
	e.Any(webRoot+"/*", d.public(d.web))
	e.POST(apiManagement+"createApi", d.private(d.createAPI))
	e.POST(apiManagement+"createApi.http", d.private(d.createAPI))
	e.GET(apiManagement+"getApi", d.private(d.getAPI))
	e.GET(apiManagement+"getApi.http", d.private(d.getAPI))
	e.DELETE(apiManagement+"deleteApi", d.private(d.deleteAPI))
	e.DELETE(apiManagement+"deleteApi.http", d.private(d.deleteAPI))
	e.Any(gatewayRoot+"/:tenant/*", d.public(d.gateway))
	e.RouteNotFound(namespaces, d.private(notFound))
	e.RouteNotFound(namespaces+"/*", d.private(notFound))
}
