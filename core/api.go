package core

import "strings"

// API is a set of routes below one base path, that a tenant has laid over web
// actions.
type API struct {
	BasePath string // "/" or "/path", without a slash at the end
	Title    string
	Routes   []Route // by path and method
}

// Route leads requests of one method and path to a web action.
type Route struct {
	Method string // lower-case
	Path   string // below the base path: "/book/{id}"
	Action Name
	// Format is the extension of the web action: "json", "http" and so on.
	Format string
	// SecureKey is what the action's require-whisk-auth asks for; a secret.
	SecureKey string
}

// Match says whether the path is one of the route, and returns the values of
// the parameters in its braces, as they are in the path.
func (r Route) Match(path string) (params map[string]string, ok bool) {
	want, got := strings.Split(r.Path, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return nil, false
	}
	params = map[string]string{}
	for i, part := range want {
		name, isParam := strings.CutPrefix(part, "{")
		switch {
		case isParam && strings.HasSuffix(name, "}") && got[i] != "":
			params[strings.TrimSuffix(name, "}")] = got[i]
		case part != got[i]:
			return nil, false
		}
	}
	return params, true
}
