package client

import (
	"fmt"
	"net/url"
	"strings"
)

// Self stands for the namespace of the key in use.
const Self = "_"

// Name is an entity as a user types it: "name", "package/name",
// "/namespace/name" or "/namespace/package/name".
type Name struct{ Namespace, Package, Name string }

// ParseName reads what a user typed.
func ParseName(s string) (Name, error) {
	n := Name{Namespace: Self}
	rest := s
	if after, ok := strings.CutPrefix(s, "/"); ok {
		namespace, tail, ok := strings.Cut(after, "/")
		if !ok {
			return Name{}, fmt.Errorf("%q names a namespace and nothing in it", s)
		}
		n.Namespace, rest = namespace, tail
	}
	n.Name = rest
	if pkg, name, ok := strings.Cut(rest, "/"); ok {
		n.Package, n.Name = pkg, name
	}
	if n.Namespace == "" || n.Name == "" || strings.Contains(n.Name, "/") || (n.Package == "" && strings.Contains(rest, "/")) {
		return Name{}, fmt.Errorf("%q is no name: want name, package/name or /namespace/package/name", s)
	}
	return n, nil
}

// String returns "/namespace/[package/]name".
func (n Name) String() string { return "/" + n.Namespace + "/" + n.local() }

func (n Name) local() string {
	if n.Package == "" {
		return n.Name
	}
	return n.Package + "/" + n.Name
}

// path returns where a collection keeps the entity.
func (n Name) path(collection string) string {
	p := "/namespaces/" + url.PathEscape(n.Namespace) + "/" + collection + "/"
	if n.Package != "" {
		p += url.PathEscape(n.Package) + "/"
	}
	return p + url.PathEscape(n.Name)
}
