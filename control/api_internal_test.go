package control

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hearth-faas/hearth/core"
)

func TestBasePathsThatMayLeadToAPath(t *testing.T) {
	t.Parallel()
	for path, want := range map[string][]string{
		"/":                    {"/", "/"},
		"/a":                   {"/a", "/"},
		"/a/b/":                {"/a/b", "/a", "/"},
		"/1/2/3/4/5/6/7/8/9/0": {"/1/2/3/4/5/6/7/8", "/1/2/3/4/5/6/7", "/1/2/3/4/5/6", "/1/2/3/4/5", "/1/2/3/4", "/1/2/3", "/1/2", "/1", "/"},
	} {
		if diff := cmp.Diff(want, basePaths(path)); diff != "" {
			t.Errorf("%s: -want +got:\n%s", path, diff)
		}
	}
}

func TestALiteralPathIsPickedBeforeOneWithParameters(t *testing.T) {
	t.Parallel()
	routes := []core.Route{
		{Method: "get", Path: "/{a}/{b}", Format: "both"}, {Method: "get", Path: "/{a}/x", Format: "one"},
		{Method: "get", Path: "/y/x", Format: "none"}, {Method: "put", Path: "/y/x", Format: "put"},
	}
	for path, want := range map[string]string{"/y/x": "none", "/z/x": "one", "/z/z": "both", "/z": ""} {
		r, _, ok := pick(routes, "get", path)
		if r.Format != want || ok != (want != "") {
			t.Errorf("%s: got %q, %v, want %q", path, r.Format, ok, want)
		}
	}
}
