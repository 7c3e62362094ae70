package openfaas_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
)

// visit asks for a page, with a form where there is one.
func (g *gateway) visit(t *testing.T, path string, form url.Values, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	if form != nil {
		req = httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(form.Encode()))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	req.SetBasicAuth(user, password)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	rec := httptest.NewRecorder()
	g.handler.ServeHTTP(rec, req)
	return rec
}

func wantPage(t *testing.T, rec *httptest.ResponseRecorder, status int, parts ...string) {
	t.Helper()
	if rec.Code != status {
		t.Errorf("got %d, want %d:\n%s", rec.Code, status, rec.Body)
	}
	for _, part := range parts {
		if !strings.Contains(rec.Body.String(), part) {
			t.Errorf("no %q in:\n%s", part, rec.Body)
		}
	}
}

func TestPagesFromADeploymentToItsEnd(t *testing.T) {
	t.Parallel()
	g := setup(t)
	// What calls functions is no part of the dialect's management side.
	e, ok := g.handler.(*echo.Echo)
	if !ok {
		t.Fatalf("the server is a %T", g.handler)
	}
	e.POST("/function/:name", func(c echo.Context) error {
		return c.String(http.StatusTeapot, c.Param("name")+" <was> called")
	})
	wantPage(t, g.visit(t, "/ui/", nil), http.StatusOK, "No functions yet", "openfaas-fn")
	bad := url.Values{"service": {"No"}, "image": {"<script>"}}
	wantPage(t, g.visit(t, "/ui/", bad), http.StatusBadRequest, "service name (No) is invalid")
	rec := g.visit(t, "/ui/", url.Values{"service": {"hello"}, "image": {"example/<b>:1"}})
	if rec.Code != http.StatusSeeOther || rec.Header().Get("Location") != "/ui/hello" {
		t.Errorf("got %d to %s", rec.Code, rec.Header().Get("Location"))
	}
	wantPage(t, g.visit(t, "/ui/", nil), http.StatusOK, `href="/ui/hello?namespace=openfaas-fn"`, "example/&lt;b&gt;:1")
	wantPage(t, g.visit(t, "/ui/hello?namespace=openfaas-fn", nil), http.StatusOK, "0 ready of 1", "Nothing yet")
	wantPage(t, g.visit(t, "/ui/hello", url.Values{"do": {"invoke"}, "payload": {"the <payload>"}}), http.StatusOK,
		"Status 418", "hello.openfaas-fn &lt;was&gt; called", "the &lt;payload&gt;")
	rec = g.visit(t, "/ui/hello?namespace=openfaas-fn", url.Values{"do": {"delete"}})
	if rec.Code != http.StatusSeeOther || rec.Header().Get("Location") != "/ui/?namespace=openfaas-fn" {
		t.Errorf("got %d to %s", rec.Code, rec.Header().Get("Location"))
	}
	wantPage(t, g.visit(t, "/ui/hello", nil), http.StatusNotFound, "function hello not found")
}

func TestPagesShowTheLog(t *testing.T) {
	t.Parallel()
	g, _ := printing(t)
	wantPage(t, g.visit(t, "/ui/f", nil), http.StatusOK, "a old\n", "b two &lt;&amp;&gt;\n")
}

func TestPagesAreForTheGatewaysOwnUsers(t *testing.T) {
	t.Parallel()
	g := setup(t)
	form := url.Values{"service": {"hello"}, "image": {"image"}}
	wantPage(t, g.visit(t, "/ui/", nil, "Authorization", ""), http.StatusUnauthorized)
	for _, header := range [][]string{
		{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://elsewhere.example"}, {"Origin", "null"},
	} {
		wantPage(t, g.visit(t, "/ui/", form, header...), http.StatusForbidden, "another site")
	}
	rec := g.visit(t, "/ui", nil)
	if rec.Code != http.StatusTemporaryRedirect || rec.Header().Get("Location") != "/ui/" {
		t.Errorf("got %d to %s", rec.Code, rec.Header().Get("Location"))
	}
}
