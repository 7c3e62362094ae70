package openwhisk

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
)

// Where the API lives.
const (
	apiRoot    = "/api/v1"
	namespaces = apiRoot + "/namespaces"
	webRoot    = apiRoot + "/web"
)

// A handler answers one request that has been routed and, unless the route is
// open, authenticated.
type handler func(*request) error

// verbs maps the methods of a path to their handlers.
type verbs map[string]handler

// route is one path. Methods that it lacks are answered with 405.
type route struct {
	path string
	open bool // without credentials
	dir  bool // also with a trailing slash
	// entries says that what follows the trailing slash is a name: without one
	// nothing is addressed, which is 404 rather than 405.
	entries bool
	on      verbs
}

// routes is every route of the dialect but the web actions, which take any
// path below webRoot. Everything that is not open needs credentials.
func (d *Dialect) routes() []route {
	const get, put, post, del = http.MethodGet, http.MethodPut, http.MethodPost, http.MethodDelete
	ns := namespaces + "/:ns"
	return []route{
		{path: "/", open: true, on: verbs{get: d.info}},
		{path: "/ping", open: true, on: verbs{get: ping}},
		{path: "/api-docs", open: true, dir: true, on: verbs{get: swagger}},
		{path: apiRoot, open: true, dir: true, on: verbs{get: d.apiInfo}},
		{path: apiRoot + "/api-docs", open: true, dir: true, on: verbs{get: swagger}},
		{path: apiRoot + "/docs", open: true, dir: true, on: verbs{get: docsRedirect}},
		{path: apiRoot + "/docs/index.html", open: true, on: verbs{get: docsPage}},

		{path: namespaces, dir: true, on: verbs{get: listNamespaces}},
		{path: ns + "/limits", dir: true, on: verbs{get: d.getLimits}},
		{path: ns + "/limits/:entity", on: verbs{get: noInnerLimits, put: noInnerLimits, post: noInnerLimits, del: noInnerLimits}},

		{path: ns + "/actions", dir: true, entries: true, on: verbs{get: d.listActions}},
		{path: ns + "/actions/:package/", on: verbs{get: d.listPackageActions, put: notFound, post: notFound, del: notFound}},
		{path: ns + "/actions/:name", on: verbs{get: d.getAction, put: d.putAction, post: d.invoke, del: d.deleteAction}},
		{path: ns + "/actions/:package/:name", on: verbs{get: d.getAction, put: d.putAction, post: d.invoke, del: d.deleteAction}},

		{path: ns + "/packages", dir: true, entries: true, on: verbs{get: d.listPackages}},
		{path: ns + "/packages/:name", on: verbs{get: d.getPackage, put: d.putPackage, del: d.deletePackage}},

		{path: ns + "/triggers", dir: true, entries: true, on: verbs{get: d.listTriggers}},
		{path: ns + "/triggers/:name", on: verbs{get: d.getTrigger, put: d.putTrigger, post: d.fire, del: d.deleteTrigger}},

		{path: ns + "/rules", dir: true, entries: true, on: verbs{get: d.listRules}},
		{path: ns + "/rules/:name", on: verbs{get: d.getRule, put: d.putRule, post: d.setRule, del: d.deleteRule}},

		{path: ns + "/activations", dir: true, on: verbs{get: d.listActivations}},
		{path: ns + "/activations/:id", on: verbs{get: d.getActivation, del: d.cancelActivation}},
		{path: ns + "/deadletters", dir: true, on: verbs{get: d.listDeadLetters, post: d.redriveAll, del: d.purgeDeadLetters}},
		{path: ns + "/deadletters/:id", on: verbs{get: d.getDeadLetter, post: d.redrive, del: d.purgeDeadLetter}},
		{path: ns + "/activations/:id/logs", on: verbs{get: d.getLogs}},
		{path: ns + "/activations/:id/status", on: verbs{get: d.getStatus}},
		{path: ns + "/activations/:id/result", on: verbs{get: d.getResult}},

		{path: ns + "/callbacks", dir: true, on: verbs{get: d.listCallbacks, post: d.redriveCallbacks, del: d.deleteCallbacks}},
		{path: ns + "/callbacks/:callback", on: verbs{get: d.getCallback, post: d.redriveCallback, del: d.deleteCallback}},
		{path: ns + "/signing-secret", on: verbs{get: d.getSigning, post: d.rotateSigning}},
	}
}

// register adds the route with all methods: those it lacks are answered after
// authentication and after the names in the path were checked, as OpenWhisk
// does. HEAD is answered as GET; net/http drops the body.
func (r route) register(e *echo.Echo, d *Dialect) {
	wrap := d.private
	if r.open {
		wrap = d.public
	}
	paths := []string{r.path}
	if r.dir && r.path != "/" {
		paths = append(paths, r.path+"/")
	}
	for _, method := range []string{
		http.MethodGet, http.MethodHead, http.MethodPut, http.MethodPost, http.MethodDelete, http.MethodPatch,
	} {
		key := method
		if method == http.MethodHead {
			key = http.MethodGet
		}
		do, ok := r.on[key]
		if !ok {
			do = notAllowed(r.on.list())
		}
		e.Match([]string{method}, paths[0], wrap(do))
		if !ok && r.entries {
			do = notFound
		}
		for _, path := range paths[1:] {
			e.Match([]string{method}, path, wrap(do))
		}
	}
}

// list returns the methods in OpenWhisk's order, comma-joined.
func (v verbs) list() string {
	var methods []string
	for _, m := range []string{http.MethodGet, http.MethodPut, http.MethodPost, http.MethodDelete} {
		if v[m] != nil {
			methods = append(methods, m)
		}
	}
	return strings.Join(methods, ", ")
}

func notFound(*request) error { return errNoRoute }

func notAllowed(methods string) handler {
	return func(r *request) error {
		r.Response().Header().Set(echo.HeaderAllow, methods)
		return &failure{http.StatusMethodNotAllowed, "HTTP method not allowed, supported methods: " + methods}
	}
}
