// Package openfaas is the OpenFaaS dialect: the management API that faas-cli,
// the Go SDK and connectors speak with a gateway.
//
// It only translates. Handlers decode a request, call control and encode what
// comes back; README.md lists what was decided where OpenFaaS' own gateways
// differ from each other or are not to be copied.
package openfaas

import (
	"log/slog"

	"github.com/labstack/echo/v4"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
)

// DefaultNamespace is what clients call the default namespace. It is a
// constant in faas-cli and the SDK.
const DefaultNamespace = "openfaas-fn"

// Dialect serves the OpenFaaS API on a control plane. It is safe for
// concurrent use.
type Dialect struct {
	plane *control.Plane
	log   *slog.Logger
	opt   Options
}

// Options of a Dialect.
type Options struct {
	// Namespace is the one that clients know as DefaultNamespace. Required.
	Namespace string
	// User and Password let clients in. Without a User nobody is asked.
	User, Password string
	// Release and Commit are shown as the version; empty means "dev" and
	// "unknown".
	Release, Commit string
}

// New makes a Dialect; Mount adds its routes to a server.
func New(plane *control.Plane, log *slog.Logger, opt Options) *Dialect {
	if opt.Release == "" {
		opt.Release = "dev"
	}
	if opt.Commit == "" {
		opt.Commit = "unknown"
	}
	return &Dialect{plane: plane, log: log, opt: opt}
}

// Mount adds the routes of the dialect.
func (d *Dialect) Mount(e *echo.Echo) {
	e.Pre(home)
	for _, r := range d.routes() {
		d.register(e, r)
	}
	d.mountUI(e)
	e.RouteNotFound("/system/*", d.private(notFound))
}

// owner returns an identity that owns the namespace, for verbs of control:
// whoever has the gateway's password acts for all namespaces of functions.
func owner(ns core.Namespace) core.Subject {
	return core.Subject{Name: ns.Name, Namespace: ns}
}
