package openfaas

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/hearth-faas/hearth/core"
)

// maxBody is the largest body: that of a secret, which may come twice, as text
// and in base64.
const maxBody = 4 << 20

// request is one routed and authenticated call.
type request struct{ echo.Context }

func (r *request) ctx() context.Context { return r.Request().Context() }

// query returns a parameter of the query; of several the last.
func (r *request) query(name string) string {
	values := r.QueryParams()[name]
	if len(values) == 0 {
		return ""
	}
	return values[len(values)-1]
}

// private wraps the handler of a route that needs credentials: all of them.
func (d *Dialect) private(h handler) echo.HandlerFunc {
	return func(c echo.Context) error {
		if !d.Admits(c.Request()) {
			return d.render(c, errUnauthenticated)
		}
		return d.render(c, h(&request{c}))
	}
}

// Admits says whether the request has the gateway's credentials, or needs
// none. Name and password are both compared, so that it takes as long for a
// wrong name.
func (d *Dialect) Admits(req *http.Request) bool {
	if d.opt.User == "" {
		return true
	}
	user, password, _ := req.BasicAuth()
	name, secret := equal(user, d.opt.User), equal(password, d.opt.Password)
	return name && secret
}

func equal(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// decode reads the body as leniently as OpenFaaS does: unknown fields, the
// case of keys and the content type do not matter, and null is fit for any
// field.
func (r *request) decode(v any) error {
	body, err := r.body()
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, v); err != nil {
		return core.Errorf(core.KindInvalid, "%s", err)
	}
	return nil
}

func (r *request) body() ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(r.Response(), r.Request().Body, maxBody))
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, core.Errorf(core.KindTooLarge, "the body is larger than %d bytes", tooLarge.Limit)
	}
	if err != nil {
		return nil, core.Errorf(core.KindInvalid, "read body: %s", err)
	}
	return body, nil
}

// writeJSON answers with a value.
func (r *request) writeJSON(v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	return r.Blob(http.StatusOK, echo.MIMEApplicationJSON, body)
}
