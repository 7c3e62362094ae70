package openwhisk_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hearth-faas/hearth/apiserver"
	"github.com/hearth-faas/hearth/apiserver/openwhisk"
	"github.com/hearth-faas/hearth/runtime/kinds"
	"github.com/hearth-faas/hearth/store"
)

// operated is a server of the platform with an operator.
func operated(t *testing.T, p *platform, admin openwhisk.Admin) http.Handler {
	t.Helper()
	s, err := apiserver.New(p.plane, kinds.Default(), slog.New(slog.DiscardHandler),
		apiserver.Options{OpenWhisk: openwhisk.Options{Admin: admin}})
	if err != nil {
		t.Fatal(err)
	}
	return s.Handler()
}

// ask sends a request with Basic credentials, or none for an empty user.
func ask(h http.Handler, method, target, user, password, body string) *httptest.ResponseRecorder {
	req := httptest.NewRequest(method, target, strings.NewReader(body))
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if user != "" {
		req.SetBasicAuth(user, password)
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, req)
	return rec
}

func TestOperatorSeesWorkersAndActivations(t *testing.T) {
	t.Parallel()
	p := setup(t)
	h := operated(t, p, openwhisk.Admin{User: "operator", Password: "of this place"})
	get := func(target string) string {
		rec := ask(h, http.MethodGet, target, "operator", "of this place", "")
		return http.StatusText(rec.Code) + " " + rec.Body.String()
	}
	check := func(target, want string) {
		t.Helper()
		if got := get(target); got != want {
			t.Errorf("%s: got %s, want %s", target, got, want)
		}
	}
	check("/invokers", "OK {}")
	check("/invokers/ready", `Internal Server Error {"unhealthy":"0/0"}`)
	check("/activation", "OK []")
	check("/activation/count", "OK 0")

	key := p.keys["guest"]
	for _, call := range []struct{ method, target, body string }{
		{http.MethodPut, "/api/v1/namespaces/_/actions/slow", `{"exec":{"kind":"nodejs:24","code":"x"}}`},
		{http.MethodPost, "/api/v1/namespaces/_/actions/slow", `{}`},
	} {
		if rec := ask(h, call.method, call.target, key.UUID, key.Secret, call.body); rec.Code >= http.StatusBadRequest {
			t.Fatalf("%s: %d %s", call.target, rec.Code, rec.Body)
		}
	}
	<-p.slow
	for _, w := range []store.Worker{{ID: "one", Boot: "a", Beat: 1}, {ID: "two", Boot: "b", Beat: 1, Drains: true}} {
		if _, err := p.db.Heartbeat(t.Context(), w); err != nil {
			t.Fatal(err)
		}
	}
	check("/invokers", `OK {"one/a":"up","two/b":"unhealthy"}`)
	check("/invokers/healthy/count", "OK 1")
	check("/invokers/ready", `Internal Server Error {"unhealthy":"1/2"}`)
	if err := p.db.RemoveWorker(t.Context(), store.Worker{ID: "two", Boot: "b", Beat: 1}); err != nil {
		t.Fatal(err)
	}
	check("/invokers/ready", `OK {"healthy":"1/1"}`)
	check("/activation/count", "OK 1")
	var active [][2]string
	if err := json.Unmarshal([]byte(strings.TrimPrefix(get("/activation"), "OK ")), &active); err != nil {
		t.Fatal(err)
	}
	if len(active) != 1 || len(active[0][0]) != 32 || active[0][1] != "guest/slow" {
		t.Errorf("got %v, want the one that runs", active)
	}
}

func TestOperatorDisablesTheServer(t *testing.T) {
	t.Parallel()
	h := operated(t, setup(t), openwhisk.Admin{User: "operator", Password: "of this place"})
	if rec := ask(h, http.MethodGet, "/readyz", "", "", ""); rec.Code != http.StatusOK {
		t.Fatalf("not ready to begin with: %d", rec.Code)
	}
	if rec := ask(h, http.MethodPost, "/disable", "operator", "of this place", ""); rec.Code != http.StatusOK {
		t.Fatalf("disable: %d %s", rec.Code, rec.Body)
	}
	if rec := ask(h, http.MethodGet, "/readyz", "", "", ""); rec.Code != http.StatusServiceUnavailable {
		t.Errorf("ready after it was disabled: %d", rec.Code)
	}
}

func TestOnlyTheOperatorGetsIn(t *testing.T) {
	t.Parallel()
	p := setup(t)
	key := p.keys["guest"]
	with := operated(t, p, openwhisk.Admin{User: "operator", Password: "of this place"})
	without := operated(t, p, openwhisk.Admin{})
	got := map[string]int{}
	for _, target := range []string{"/invokers", "/invokers/healthy/count", "/invokers/ready", "/activation", "/activation/count", "/disable"} {
		method := http.MethodGet
		if target == "/disable" {
			method = http.MethodPost
		}
		got["nobody "+target] = ask(with, method, target, "", "", "").Code
		got["a wrong password "+target] = ask(with, method, target, "operator", "of that place", "").Code
		got["a tenant "+target] = ask(with, method, target, key.UUID, key.Secret, "").Code
		got["where there is no operator "+target] = ask(without, method, target, "operator", "of this place", "").Code
	}
	want := map[string]int{}
	for name := range got {
		want[name] = http.StatusUnauthorized
		if strings.HasPrefix(name, "where") {
			want[name] = http.StatusNotFound
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
