package openwhisk

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/hearth-faas/hearth/core"
)

// gatewayRoot is where the APIs of tenants are: /api/TENANT/BASEPATH/PATH.
const gatewayRoot = "/api"

// gateway leads a request to the web action of its route. Nothing is sent:
// the action is run as if its own URL had been asked for.
func (d *Dialect) gateway(r *request) error {
	if err := d.serveRoute(r); err != nil {
		return d.renderAs(r, err, writePretty)
	}
	return nil
}

func (d *Dialect) serveRoute(r *request) error {
	tenant, rest, _ := strings.Cut(strings.TrimPrefix(r.Request().URL.EscapedPath(), gatewayRoot+"/"), "/")
	if gatewayRoot+"/"+tenant == apiRoot {
		return errNoRoute
	}
	tenant, err := url.PathUnescape(tenant)
	if err != nil || core.ValidNamespace(tenant) != nil {
		return errNotAccessible
	}
	method := r.Request().Method
	if method == http.MethodOptions {
		// Browsers ask before they send what they are about to.
		method = r.Request().Header.Get("Access-Control-Request-Method")
	}
	if method == http.MethodHead {
		method = http.MethodGet
	}
	path := "/" + rest
	route, params, err := d.plane.Route(r.ctx(), tenant, strings.ToLower(method), path)
	if err != nil {
		return err
	}
	target := webPath{name: route.Action, format: route.Format}
	if len(params) > 0 {
		target.rest = path
		if err := addPathParameters(r.Request(), params); err != nil {
			return err
		}
	}
	if route.SecureKey != "" {
		r.Request().Header.Set(headerWebAuth, route.SecureKey)
	}
	return d.runWeb(r, target)
}

// addPathParameters hands the parameters of a path on as those of the query,
// in which the caller cannot name them too: the last of a name counts.
func addPathParameters(req *http.Request, params map[string]string) error {
	query := req.URL.Query()
	for name, value := range params {
		text, err := url.PathUnescape(value)
		if err != nil {
			return errNotAccessible
		}
		query.Set(name, text)
	}
	req.URL.RawQuery = query.Encode()
	return nil
}
