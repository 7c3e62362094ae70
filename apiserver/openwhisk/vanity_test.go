package openwhisk_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/hearth-faas/hearth/apiserver"
	"github.com/hearth-faas/hearth/apiserver/openwhisk"
	"github.com/hearth-faas/hearth/runtime/kinds"
)

func TestVanityHostsAreWebActions(t *testing.T) {
	t.Parallel()
	p := setup(t)
	s, err := apiserver.New(p.plane, kinds.Default(), slog.New(slog.DiscardHandler),
		apiserver.Options{OpenWhisk: openwhisk.Options{VanityHost: "pages.example"}})
	if err != nil {
		t.Fatal(err)
	}
	key := p.keys["guest"]
	const code = `{"exec":{"kind":"nodejs:24","code":"x"},"annotations":[{"key":"web-export","value":true}]}`
	for _, call := range []struct{ path, body string }{
		{"packages/public", "{}"}, {"actions/public/index", code}, {"packages/site", "{}"}, {"actions/site/page", code},
	} {
		if rec := ask(p.handler, http.MethodPut, "/api/v1/namespaces/_/"+call.path, key.UUID, key.Secret, call.body); rec.Code != http.StatusOK {
			t.Fatalf("%s: %d %s", call.path, rec.Code, rec.Body)
		}
	}
	for _, c := range []struct {
		name, host, path string
		status           int
		want             string
	}{
		{"ok, a page", "guest.pages.example", "/site/page.json?a=b", 200, `"a": "b"`},
		{"ok, with a port", "guest.Pages.Example:3233", "/site/page.json", 200, `"__ow_path": ""`},
		{"ok, a path that goes on", "guest.pages.example", "/site/page.json/x%2Fy", 200, `"__ow_path": "/x%2Fy"`},
		{"ok, the root", "guest.pages.example", "/?html=hi", 200, "hi"},
		{"nok, no such action", "guest.pages.example", "/site/none", 404, "does not exist"},
		{"nok, no such namespace", "nobody.pages.example", "/site/page.json", 404, "does not exist"},
		{"nok, the rest api is not there", "guest.pages.example", "/api/v1", 404, "does not exist"},
		{"nok, nor are metrics", "guest.pages.example", "/metrics", 404, "does not exist"},
		{"ok, the host itself is no namespace", "pages.example", "/ping", 200, "pong"},
		{"ok, nor is one with a dot", "a.b.pages.example", "/ping", 200, "pong"},
		{"ok, nor another host", "guest.xpages.example", "/ping", 200, "pong"},
	} {
		req := httptest.NewRequest(http.MethodGet, c.path, nil)
		req.Host = c.host
		rec := httptest.NewRecorder()
		s.Handler().ServeHTTP(rec, req)
		if rec.Code != c.status || !strings.Contains(rec.Body.String(), c.want) {
			t.Errorf("%s: got %d %s", c.name, rec.Code, rec.Body)
		}
	}
}
