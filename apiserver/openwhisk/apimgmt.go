package openwhisk

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
)

// apiManagement begins the paths of what clients take for web actions of
// whisk.system/apimgmt, with which they manage APIs.
const apiManagement = webRoot + "/whisk.system/apimgmt/"

// createAPI adds a route to an API, or replaces an API by a document.
func (d *Dialect) createAPI(r *request) error {
	body, err := io.ReadAll(r.Request().Body)
	if err != nil {
		return err
	}
	api, whole, err := parseAPI(body, r.QueryParam("responsetype"), r.who.Namespace.Name)
	if err != nil {
		return r.apiFailed("API creation failure: ", err)
	}
	all, err := d.plane.PutAPI(r.ctx(), r.who, api, whole)
	if err != nil {
		return r.apiFailed("API creation failure: ", err)
	}
	return r.ok(r.apiValue(all))
}

// apiItem is an API in the answer of getApi.
type apiItem struct {
	ID    string   `json:"id"`
	Key   string   `json:"key"`
	Value apiValue `json:"value"`
}

// getAPI lists the caller's APIs, or one by base path or title.
func (d *Dialect) getAPI(r *request) error {
	apis, err := d.plane.APIs(r.ctx(), r.who, r.routeFilter())
	if err != nil {
		return r.apiFailed("API retrieval failure: ", err)
	}
	ns := r.who.Namespace.Name
	return r.ok(map[string][]apiItem{"apis": each(apis, func(api *core.API) apiItem {
		return apiItem{ID: "API:" + ns + ":" + api.BasePath, Key: ns, Value: r.apiValue(*api)}
	})})
}

// deleteAPI deletes an API, or some of its routes.
func (d *Dialect) deleteAPI(r *request) error {
	filter := r.routeFilter()
	if filter.BasePath == "" {
		return r.apiFailed("API deletion failure: ", core.Errorf(core.KindInvalid, "basepath is required."))
	}
	n, err := d.plane.DeleteRoutes(r.ctx(), r.who, filter)
	if err == nil && n == 0 {
		err = core.Errorf(core.KindNotFound, "API '%s' does not exist.", filter.BasePath)
	}
	if err != nil {
		return r.apiFailed("API deletion failure: ", err)
	}
	return r.ok(struct{}{})
}

func (r *request) routeFilter() control.RouteFilter {
	return control.RouteFilter{
		BasePath: r.QueryParam("basepath"), Path: r.QueryParam("relpath"), Method: strings.ToLower(r.QueryParam("operation")),
	}
}

// apiFailed is how the actions of apimgmt fail: whatever it is, 502. What is
// not the caller's fault fails as it does everywhere.
func (r *request) apiFailed(doing string, err error) error {
	switch core.KindOf(err) {
	case core.KindUnavailable, core.KindInternal:
		return err
	default:
		return writeJSON(r, http.StatusBadGateway, map[string]string{"error": doing + err.Error()})
	}
}

// apiRequest is the body of createApi.
type apiRequest struct {
	APIDoc *struct {
		BasePath string          `json:"gatewayBasePath"`
		Path     string          `json:"gatewayPath"`
		Method   string          `json:"gatewayMethod"`
		Name     string          `json:"apiName"`
		Swagger  json.RawMessage `json:"swagger"` // JSON in a string, or an object
		Action   struct {
			Name      string `json:"name"`
			Namespace string `json:"namespace"`
			SecureKey string `json:"secureKey"`
		} `json:"action"`
	} `json:"apidoc"`
}

// parseAPI reads the body of createApi; whole says that it is a document,
// which replaces what is there.
func parseAPI(body []byte, format, self string) (api core.API, whole bool, err error) {
	var req apiRequest
	if err := json.Unmarshal(body, &req); err != nil || req.APIDoc == nil {
		return api, false, core.Errorf(core.KindInvalid, "apidoc is required, as JSON.")
	}
	doc := req.APIDoc
	if len(doc.Swagger) > 0 && string(doc.Swagger) != "null" {
		api, err = parseSwagger(doc.Swagger, format, self)
		return api, true, err
	}
	local := core.ParseLocal(doc.Action.Namespace, doc.Action.Name)
	route, err := newRoute(doc.Method, doc.Path, local, format, self)
	if err != nil {
		return api, false, err
	}
	route.SecureKey = doc.Action.SecureKey
	base, err := basePath(doc.BasePath)
	return core.API{BasePath: base, Title: doc.Name, Routes: []core.Route{route}}, false, err
}

func newRoute(method, path string, action core.Name, format, self string) (core.Route, error) {
	if format == "" {
		format = "json"
	}
	r := core.Route{Method: strings.ToLower(method), Path: path, Action: action, Format: format}
	if r.Action.Namespace == core.Self || r.Action.Namespace == "" {
		r.Action.Namespace = self
	}
	switch r.Method {
	case "get", "put", "post", "delete", "patch":
	default:
		return r, core.Errorf(core.KindInvalid, "The operation '%s' is not valid.", method)
	}
	if !strings.HasPrefix(path, "/") || strings.ContainsAny(path, " ?#") {
		return r, core.Errorf(core.KindInvalid, "The path '%s' is not valid: it begins with / and has no spaces.", path)
	}
	if transcoders[format] == nil {
		return r, core.Errorf(core.KindInvalid, "The response type '%s' is not valid.", format)
	}
	return r, r.Action.Valid()
}

// basePath is a base path without the slash at its end.
func basePath(path string) (string, error) {
	path = strings.TrimRight(path, "/")
	if path == "" {
		return "/", nil
	}
	if !strings.HasPrefix(path, "/") || strings.ContainsAny(path, " ?#{}") {
		return "", core.Errorf(core.KindInvalid, "The base path '%s' is not valid.", path)
	}
	return path, nil
}
