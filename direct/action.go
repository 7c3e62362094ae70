package direct

import (
	"net/http"
	"net/url"

	"github.com/hearth-faas/hearth/core"
)

// callable says whether an action that is no function is called like one: a
// web action that anybody may call.
func (g *Gateway) callable(a *core.Action) bool {
	secret, guarded := a.Annotations.Get("require-whisk-auth")
	return g.actions != nil && a.Annotations.IsTrue("web-export") && (!guarded || string(secret) == "false")
}

// serveAction passes the request on to where web actions are served.
func (g *Gateway) serveAction(w http.ResponseWriter, r *http.Request, name core.Name) {
	w.Header().Set(headerCallID, r.Header.Get(headerCallID))
	w.Header().Set(headerStartTime, last(r.Header.Values(headerStartTime)))
	rest := r.URL.EscapedPath()
	if rest == "/" {
		rest = ""
	}
	path := "/api/v1/web/" + url.PathEscape(name.Namespace) + "/" + core.DefaultPackage + "/" + url.PathEscape(name.Name) + ".http" + rest
	target, err := url.ParseRequestURI(path)
	if err != nil {
		g.render(w, r, g.tally.shown(name), core.Errorf(core.KindInvalid, "the path cannot be read"))
		return
	}
	target.RawQuery = r.URL.RawQuery
	r.URL, r.RequestURI = target, target.RequestURI()
	g.actions.ServeHTTP(w, r)
}
