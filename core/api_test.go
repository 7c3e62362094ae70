package core_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hearth-faas/hearth/core"
)

func TestRoutesMatchPaths(t *testing.T) {
	t.Parallel()
	none := map[string]string{}
	for _, c := range []struct {
		name, route, path string
		want              map[string]string
		ok                bool
	}{
		{"ok, the path itself", "/books", "/books", none, true},
		{"ok, the root", "/", "/", none, true},
		{"ok, a parameter", "/books/{id}", "/books/7", map[string]string{"id": "7"}, true},
		{"ok, two parameters", "/{a}/x/{b}", "/1/x/2", map[string]string{"a": "1", "b": "2"}, true},
		{"nok, longer", "/books", "/books/7", nil, false},
		{"nok, shorter", "/books/{id}", "/books", nil, false},
		{"nok, an empty parameter", "/books/{id}", "/books/", nil, false},
		{"nok, another", "/books", "/Books", nil, false},
	} {
		got, ok := core.Route{Path: c.route}.Match(c.path)
		if ok != c.ok || cmp.Diff(c.want, got) != "" {
			t.Errorf("%s: got %v, %v", c.name, got, ok)
		}
	}
}
