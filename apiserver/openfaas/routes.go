package openfaas

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

// A handler answers one request that has been routed and authenticated.
type handler func(*request) error

// verbs maps the methods of a path to their handlers.
type verbs map[string]handler

// route is one path. Methods that it lacks are answered with 405.
type route struct {
	path string
	on   verbs
}

// routes is every route of the management API. All of them need credentials.
func (d *Dialect) routes() []route {
	const get, put, post, del = http.MethodGet, http.MethodPut, http.MethodPost, http.MethodDelete
	namespace := verbs{get: d.getNamespace, put: d.updateNamespace, post: d.createNamespace, del: d.deleteNamespace}
	return []route{
		{"/system/functions", verbs{get: d.listFunctions, post: d.createFunction, put: d.updateFunction, del: d.deleteFunction}},
		{"/system/function/:name", verbs{get: d.getFunction}},
		{"/system/scale-function/:name", verbs{post: d.scaleFunction}},
		{"/system/info", verbs{get: d.info}},
		{"/system/namespaces", verbs{get: d.listNamespaces, post: d.createNamespace}},
		{"/system/namespaces/:name", namespace},
		{"/system/namespace", verbs{post: d.createNamespace}},
		{"/system/namespace/", verbs{post: d.createNamespace}},
		{"/system/namespace/:name", namespace},
		{"/system/secrets", verbs{get: d.listSecrets, post: d.createSecret, put: d.updateSecret, del: d.deleteSecret}},
		{"/system/logs", verbs{get: d.logs}},
		{"/system/alert", verbs{post: d.alert}},
	}
}

// register adds the route with all methods; HEAD is answered as GET, whose
// body net/http drops.
func (d *Dialect) register(e *echo.Echo, r route) {
	for _, method := range []string{
		http.MethodGet, http.MethodHead, http.MethodPut, http.MethodPost, http.MethodDelete, http.MethodPatch, http.MethodOptions,
	} {
		key := method
		if method == http.MethodHead {
			key = http.MethodGet
		}
		do, ok := r.on[key]
		if !ok {
			do = notAllowed
		}
		e.Add(method, r.path, d.private(do))
	}
}

func notFound(*request) error { return errNoRoute }

func notAllowed(*request) error { return &failure{status: http.StatusMethodNotAllowed} }
