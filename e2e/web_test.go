package e2e_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/hearth-faas/hearth/e2e/platform"
)

// fetch makes a request without credentials.
func fetch(ctx context.Context, t *testing.T, c *platform.Client, method, path, body string) *platform.Answer {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, method, c.URL+path, strings.NewReader(body))
	ok(t, err)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	a, err := c.Send(req)
	ok(t, err)
	return a
}

func TestWebAction(t *testing.T) {
	t.Parallel()
	h := shared(t)
	put(t, &h.Client, "page", "page.js", platform.Action{Annotations: map[string]any{"web-export": true}})
	put(t, &h.Client, "private-page", "page.js", platform.Action{})
	for _, c := range []struct {
		name, method, path, body string
		status                   int
		want                     string
	}{
		{"query parameters are arguments", "GET", "page?name=Ann", "", 201, "<h1>Ann </h1>"},
		{"the rest of the path too", "GET", "page.http/a/b?name=Ann", "", 201, "<h1>Ann /a/b</h1>"},
		{"and the fields of a JSON body", "POST", "page", `{"name":"Bob"}`, 201, "<h1>Bob </h1>"},
		{"the whole result as JSON", "GET", "page.json?name=Ann", "", 200, `"statusCode": 201`},
		{"reserved names are refused", "GET", "page?__ow_method=x", "", 400, "parameters that are not allowed"},
		{"what is not exported does not exist", "GET", "private-page", "", 404, "does not exist"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := fetch(patient(t), t, &h.Client, c.method, "/api/v1/web/guest/default/"+c.path, c.body)
			if got.Status != c.status || !strings.Contains(string(got.Body), c.want) {
				t.Errorf("status %d, body %s, want %d with %q", got.Status, got.Body, c.status, c.want)
			}
			if c.status == 201 && got.Header.Get("X-Method") != strings.ToLower(c.method) {
				t.Errorf("header X-Method %q", got.Header.Get("X-Method"))
			}
		})
	}
}
