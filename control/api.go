package control

import (
	"context"
	"strings"

	"github.com/hearth-faas/hearth/core"
)

// PutAPI adds routes to an API of the caller's, or with replace makes it anew,
// and returns all of it.
func (p *Plane) PutAPI(ctx context.Context, who core.Subject, api core.API, replace bool) (core.API, error) {
	for _, r := range api.Routes {
		if err := r.Action.Valid(); err != nil {
			return core.API{}, err
		}
	}
	if err := p.db.PutAPI(ctx, who.Namespace.Name, api, replace); err != nil {
		return core.API{}, err
	}
	all, err := p.db.APIs(ctx, who.Namespace.Name, []string{api.BasePath})
	if err != nil {
		return core.API{}, err
	}
	if len(all) == 0 {
		return core.API{}, core.Errorf(core.KindConflict, "The API has been deleted meanwhile.")
	}
	return all[0], nil
}

// RouteFilter selects APIs by base path or title, and routes in them; empty
// fields select all.
type RouteFilter struct{ BasePath, Path, Method string }

func (f RouteFilter) routes(all []core.Route) []core.Route {
	var some []core.Route
	for _, r := range all {
		if (f.Path == "" || r.Path == f.Path) && (f.Method == "" || r.Method == f.Method) {
			some = append(some, r)
		}
	}
	return some
}

// APIs returns the caller's APIs that the filter selects, with those of their
// routes that it selects; none without any.
func (p *Plane) APIs(ctx context.Context, who core.Subject, f RouteFilter) ([]core.API, error) {
	paths, err := p.db.BasePaths(ctx, who.Namespace.Name)
	if err != nil {
		return nil, err
	}
	all, err := p.db.APIs(ctx, who.Namespace.Name, paths)
	if err != nil {
		return nil, err
	}
	var found []core.API
	for _, api := range all {
		if f.BasePath != "" && api.BasePath != f.BasePath && api.Title != f.BasePath {
			continue
		}
		if api.Routes = f.routes(api.Routes); len(api.Routes) > 0 {
			found = append(found, api)
		}
	}
	return found, nil
}

// DeleteRoutes deletes the routes that the filter selects, and APIs that have
// none left. It returns how many there were.
func (p *Plane) DeleteRoutes(ctx context.Context, who core.Subject, f RouteFilter) (int, error) {
	apis, err := p.APIs(ctx, who, f)
	if err != nil {
		return 0, err
	}
	total := 0
	for _, api := range apis {
		routes := api.Routes
		if f.Path == "" && f.Method == "" {
			routes = nil // those that came since, too
		}
		n, err := p.db.DeleteRoutes(ctx, who.Namespace.Name, api.BasePath, routes)
		if err != nil {
			return total, err
		}
		total += n
	}
	return total, nil
}

// maxBasePath bounds the parts of a path that are looked at for a base path.
const maxBasePath = 8

// Route finds where a request to a tenant's APIs leads: the longest base path
// that has a route for it, and in there a literal path before one with
// parameters. The tenant is named by its namespace or the UUID of its key.
// KindNotFound.
func (p *Plane) Route(ctx context.Context, tenant, method, path string) (core.Route, map[string]string, error) {
	namespace := tenant
	if strings.Count(tenant, "-") == 4 {
		name, err := p.db.NamespaceOf(ctx, tenant)
		if err == nil {
			namespace = name
		} else if core.KindOf(err) != core.KindNotFound {
			return core.Route{}, nil, err
		}
	}
	apis, err := p.db.APIs(ctx, namespace, basePaths(path))
	if err != nil {
		return core.Route{}, nil, err
	}
	for _, api := range apis { // longest first
		rest := strings.TrimPrefix(path, strings.TrimSuffix(api.BasePath, "/"))
		if rest == "" {
			rest = "/"
		}
		if r, params, ok := pick(api.Routes, method, rest); ok {
			return r, params, nil
		}
	}
	return core.Route{}, nil, core.Errorf(core.KindNotFound, "The requested resource does not exist.")
}

// basePaths are those that may lead to the path, longest first.
func basePaths(path string) []string {
	list := []string{}
	parts := strings.Split(strings.Trim(path, "/"), "/")
	for n := min(len(parts), maxBasePath); n > 0; n-- {
		list = append(list, "/"+strings.Join(parts[:n], "/"))
	}
	return append(list, "/")
}

func pick(routes []core.Route, method, path string) (best core.Route, params map[string]string, ok bool) {
	for _, r := range routes {
		got, fits := r.Match(path)
		if fits && r.Method == method && (!ok || len(got) < len(params)) {
			best, params, ok = r, got, true
		}
	}
	return best, params, ok
}
