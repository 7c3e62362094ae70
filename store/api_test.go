package store_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
	"github.com/hearth-faas/hearth/store/seal"
)

func shop() core.API {
	return core.API{BasePath: "/shop", Title: "Shop", Routes: []core.Route{
		{Method: "get", Path: "/books", Action: name("page"), Format: "json"},
		{Method: "post", Path: "/books/{id}", Action: name("p/page"), Format: "http", SecureKey: canary},
	}}
}

// tourAPIs runs every script of APIs.
func tourAPIs(t *testing.T, db *store.DB) {
	t.Helper()
	ctx := t.Context()
	api := shop()
	one := core.API{BasePath: "/shop", Routes: api.Routes[1:]}
	must(t, db.PutAPI(ctx, "guest", core.API{BasePath: "/shop", Title: "Shop", Routes: api.Routes[:1]}, false))
	must(t, db.PutAPI(ctx, "guest", one, false))
	wantAPIs(t, db, api)
	must(t, db.PutAPI(ctx, "guest", one, true))
	wantAPIs(t, db, one)
	must(t, db.PutAPI(ctx, "guest", api, true))
	for _, c := range []struct {
		routes []core.Route
		gone   int
		left   []core.API
	}{
		{api.Routes[:1], 1, []core.API{{BasePath: "/shop", Title: "Shop", Routes: api.Routes[1:]}}},
		{api.Routes[:1], 0, []core.API{{BasePath: "/shop", Title: "Shop", Routes: api.Routes[1:]}}},
		{nil, 1, nil},
		{nil, 0, nil},
	} {
		n, err := db.DeleteRoutes(ctx, "guest", "/shop", c.routes)
		must(t, err)
		if n != c.gone {
			t.Errorf("deleted %d routes, want %d", n, c.gone)
		}
		wantAPIs(t, db, c.left...)
	}
}

func wantAPIs(t *testing.T, db *store.DB, want ...core.API) {
	t.Helper()
	paths, err := db.BasePaths(t.Context(), "guest")
	must(t, err)
	got, err := db.APIs(t.Context(), "guest", paths)
	must(t, err)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestAPIsAreKept(t *testing.T) {
	t.Parallel()
	db, _ := setup(t)
	tourAPIs(t, db)
}

func TestTheSecretOfARouteIsSealed(t *testing.T) {
	t.Parallel()
	_, rdb := setup(t)
	db := store.NewSealing(rdb, keysOfText(t, seal.Generate()))
	must(t, db.PutAPI(t.Context(), "guest", shop(), false))
	wantAPIs(t, db, shop())
	if held := hashes(t, rdb); strings.Contains(held, canary) {
		t.Errorf("what Redis holds:\n%s", held)
	}
	if _, err := store.New(rdb).APIs(t.Context(), "guest", []string{"/shop"}); err == nil {
		t.Error("it was read without a key")
	}
}

func TestNamespaceOfAKey(t *testing.T) {
	t.Parallel()
	db, _ := setup(t)
	who, err := db.Owner(t.Context(), "guest")
	must(t, err)
	got, err := db.NamespaceOf(t.Context(), who.UUID)
	must(t, err)
	if got != "guest" {
		t.Errorf("got %q", got)
	}
	if _, err := db.NamespaceOf(t.Context(), "none"); core.KindOf(err) != core.KindNotFound {
		t.Errorf("got %v for a key that is not there", err)
	}
}
