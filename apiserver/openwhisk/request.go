package openwhisk

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/hearth-faas/hearth/core"
)

// request is one routed call: Echo's view of it, who asks, and when it came.
type request struct {
	echo.Context
	who     core.Subject     // zero on open routes
	key     core.Credentials // what who sent
	arrived time.Time
}

func (r *request) ctx() context.Context { return r.Request().Context() }

// tid is the transaction id, which the server has put on the response.
func tid(c echo.Context) string { return c.Response().Header().Get(echo.HeaderXRequestID) }

// namespace is the one that the path names, "_" replaced.
func (r *request) namespace() string {
	if ns := r.Param("ns"); ns != core.Self {
		return ns
	}
	return r.who.Namespace.Name
}

// name is the entity that the path names.
func (r *request) name() core.Name {
	return core.Name{Namespace: r.namespace(), Package: r.Param("package"), Name: r.Param("name")}
}

// public wraps the handler of a route that needs no credentials.
func (d *Dialect) public(h handler) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := &request{Context: c, arrived: time.Now()}
		return d.render(c, h(r))
	}
}

// private wraps the handler of a route that does: credentials first, then the
// names in the path, and only then whatever else may be wrong.
func (d *Dialect) private(h handler) echo.HandlerFunc {
	return func(c echo.Context) error {
		allowOrigin(c.Response().Header())
		r := &request{Context: c, arrived: time.Now()}
		var err error
		if r.who, r.key, err = d.authenticate(c.Request()); err != nil {
			return d.render(c, err)
		}
		if err := r.decodePath(); err != nil {
			return d.render(c, err)
		}
		return d.render(c, h(r))
	}
}

// decodePath undoes the percent-encoding of the path's parameters, once, and
// checks their form.
func (r *request) decodePath() error {
	names, values := r.ParamNames(), r.ParamValues()
	encoded := r.Request().URL.RawPath != ""
	for i, name := range names {
		// Echo lets the last parameter of a route match all that follows.
		if name != "*" && strings.Contains(values[i], "/") {
			return errNoRoute
		}
		if encoded {
			v, err := url.PathUnescape(values[i])
			if err != nil {
				return errNoRoute
			}
			values[i] = v
		}
		if err := validParam(name, values[i]); err != nil {
			return err
		}
	}
	r.SetParamValues(values...)
	return nil
}

func validParam(name, value string) error {
	if value == "" && name != "*" {
		return errNoRoute
	}
	switch name {
	case "ns":
		return core.ValidNamespace(value)
	case "package", "name":
		return core.ValidSegment(value)
	case "id":
		_, err := core.ParseActivationID(value)
		return err
	}
	return nil
}

// authenticate reads Basic credentials. The errors of a request without any
// and of one with wrong ones differ in text only.
func (d *Dialect) authenticate(req *http.Request) (core.Subject, core.Credentials, error) {
	var key core.Credentials
	if req.Header.Get(echo.HeaderAuthorization) == "" {
		return core.Subject{}, key, errNoCredentials
	}
	var ok bool
	if key.UUID, key.Secret, ok = req.BasicAuth(); !ok || len(key.Secret) < minSecret {
		return core.Subject{}, key, errBadCredentials
	}
	who, err := d.plane.Authenticate(req.Context(), key)
	if core.KindOf(err) == core.KindUnauthenticated {
		return core.Subject{}, key, errBadCredentials
	}
	return who, key, err
}

// minSecret is the shortest key that OpenWhisk takes for one.
const minSecret = 64
