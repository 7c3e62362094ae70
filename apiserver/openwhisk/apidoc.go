package openwhisk

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/hearth-faas/hearth/core"
)

// apiValue is an API as clients see it. wsk reads all of it.
type apiValue struct {
	Namespace string `json:"namespace"`
	URL       string `json:"gwApiUrl"`
	Activated bool   `json:"gwApiActivated"`
	Tenant    string `json:"tenantId"`
	Doc       apiDoc `json:"apidoc"`
}

// apiDoc is a document in the form of Swagger 2.
type apiDoc struct {
	Swagger  string                             `json:"swagger"`
	BasePath string                             `json:"basePath"`
	Info     apiInfo                            `json:"info"`
	Paths    map[string]map[string]apiOperation `json:"paths"` // by path and method
}

type apiInfo struct {
	Title   string `json:"title"`
	Version string `json:"version"`
}

type apiOperation struct {
	ID         string         `json:"operationId"`
	Parameters []apiParameter `json:"parameters,omitempty"`
	Responses  any            `json:"responses"`
	Action     *apiAction     `json:"x-openwhisk"`
}

type apiParameter struct {
	Name        string `json:"name"`
	In          string `json:"in"`
	Description string `json:"description"`
	Required    bool   `json:"required"`
	Type        string `json:"type"`
}

type apiAction struct {
	Action    string `json:"action"`
	Namespace string `json:"namespace"`
	Package   string `json:"package"`
	URL       string `json:"url"`
}

// apiValue shows an API of the caller. Its address has the UUID of the
// caller's key, and the host that the caller used.
func (r *request) apiValue(api core.API) apiValue {
	doc := apiDoc{
		Swagger: "2.0", BasePath: api.BasePath, Info: apiInfo{api.Title, "1.0.0"},
		Paths: map[string]map[string]apiOperation{},
	}
	if doc.Info.Title == "" {
		doc.Info.Title = api.BasePath
	}
	for _, route := range api.Routes {
		if doc.Paths[route.Path] == nil {
			doc.Paths[route.Path] = map[string]apiOperation{}
		}
		doc.Paths[route.Path][route.Method] = r.operation(route)
	}
	tenant := r.who.UUID
	return apiValue{
		Namespace: r.who.Namespace.Name, Activated: true, Tenant: tenant, Doc: doc,
		URL: r.origin() + gatewayRoot + "/" + tenant + strings.TrimSuffix(api.BasePath, "/"),
	}
}

func (r *request) origin() string { return r.Scheme() + "://" + r.Request().Host }

func (r *request) operation(route core.Route) apiOperation {
	pkg := route.Action.Package
	if pkg == "" {
		pkg = core.DefaultPackage
	}
	op := apiOperation{
		ID:        route.Method + "_" + route.Path,
		Responses: map[string]any{"default": map[string]string{"description": "Default response"}},
		Action: &apiAction{
			Action: route.Action.Name, Namespace: route.Action.Namespace, Package: pkg,
			URL: r.origin() + webRoot + "/" + route.Action.Namespace + "/" + pkg + "/" + route.Action.Name + "." + route.Format,
		},
	}
	for part := range strings.SplitSeq(route.Path, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			op.Parameters = append(op.Parameters, apiParameter{
				Name: strings.TrimSuffix(name, "}"), In: "path", Required: true, Type: "string",
				Description: "Default description for '" + strings.TrimSuffix(name, "}") + "'",
			})
		}
	}
	return op
}

// parseSwagger reads a document: an object, or the text of one.
func parseSwagger(raw json.RawMessage, format, self string) (core.API, error) {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		raw = json.RawMessage(text)
	}
	// Operations are among other members of a path, such as parameters.
	var doc struct {
		BasePath string                                `json:"basePath"`
		Info     apiInfo                               `json:"info"`
		Paths    map[string]map[string]json.RawMessage `json:"paths"`
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		return core.API{}, core.Errorf(core.KindInvalid, "The swagger document is not valid JSON.")
	}
	base, err := basePath(doc.BasePath)
	if err != nil {
		return core.API{}, err
	}
	api := core.API{BasePath: base, Title: doc.Info.Title}
	for path, operations := range doc.Paths {
		for method, text := range operations {
			var op apiOperation
			if json.Unmarshal(text, &op) != nil || op.Action == nil {
				continue
			}
			route, err := swaggerRoute(method, path, *op.Action, format, self)
			if err != nil {
				return core.API{}, err
			}
			api.Routes = append(api.Routes, route)
		}
	}
	if len(api.Routes) == 0 {
		return core.API{}, core.Errorf(core.KindInvalid, "The swagger document has no operation with x-openwhisk.")
	}
	slices.SortFunc(api.Routes, func(a, b core.Route) int { return strings.Compare(a.Path+a.Method, b.Path+b.Method) })
	return api, nil
}

// swaggerRoute is the route of an operation, whose URL may have an extension.
func swaggerRoute(method, path string, a apiAction, format, self string) (core.Route, error) {
	if a.Package == core.DefaultPackage {
		a.Package = ""
	}
	if i := strings.LastIndexByte(a.URL, '.'); format == "" && i > 0 && transcoders[a.URL[i+1:]] != nil {
		format = a.URL[i+1:]
	}
	return newRoute(method, path, core.Name{Namespace: a.Namespace, Package: a.Package, Name: a.Action}, format, self)
}
