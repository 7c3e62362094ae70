package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hearth-faas/hearth/cmd/hearth/client"
)

// server answers every request with one status and body, and keeps what it
// was asked.
type server struct {
	*httptest.Server
	method, uri, body, user, key string
}

func setup(t *testing.T, status int, answer string) (*server, *client.Client) {
	t.Helper()
	s := &server{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("read body: %v", err)
		}
		s.method, s.uri, s.body = r.Method, r.RequestURI, string(b)
		s.user, s.key, _ = r.BasicAuth()
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(s.Close)
	c, err := client.New(client.Options{Host: s.URL, Auth: "id:secret"})
	if err != nil {
		t.Fatal(err)
	}
	return s, c
}

func TestNew(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		opt  client.Options
		ok   bool
	}{
		{"ok, a host without a scheme", client.Options{Host: "example.org", Auth: "a:b"}, true},
		{"ok, an address with a port", client.Options{Host: "http://127.0.0.1:3233", Auth: "a:b"}, true},
		{"nok, no host", client.Options{Auth: "a:b"}, false},
		{"nok, another scheme", client.Options{Host: "ftp://example.org", Auth: "a:b"}, false},
		{"nok, no host in the address", client.Options{Host: "http://", Auth: "a:b"}, false},
		{"nok, no key", client.Options{Host: "example.org"}, false},
		{"nok, a key without a secret", client.Options{Host: "example.org", Auth: "a:"}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if _, err := client.New(test.opt); (err == nil) != test.ok {
				t.Errorf("error %v, want ok %v", err, test.ok)
			}
		})
	}
}

func TestRequests(t *testing.T) {
	t.Parallel()
	name := client.Name{Namespace: "_", Package: "a pkg", Name: "x y"}
	for _, test := range []struct {
		name              string
		call              func(context.Context, *client.Client) error
		method, uri, body string
	}{
		{"put an action", func(ctx context.Context, c *client.Client) error {
			_, err := c.Put(ctx, client.Actions, name, client.Put{Exec: &client.Exec{Kind: "k", Code: new("c")}}, true)
			return err
		}, "PUT", "/api/v1/namespaces/_/actions/a%20pkg/x%20y?overwrite=true", `{"exec":{"kind":"k","code":"c"}}`},
		{"get an action without its code", func(ctx context.Context, c *client.Client) error {
			_, err := c.Get(ctx, client.Actions, name, false)
			return err
		}, "GET", "/api/v1/namespaces/_/actions/a%20pkg/x%20y?code=false", ""},
		{"delete a package with its actions", func(ctx context.Context, c *client.Client) error {
			return c.Delete(ctx, client.Packages, client.Name{Namespace: "_", Name: "p"}, true)
		}, "DELETE", "/api/v1/namespaces/_/packages/p?force=true", ""},
		{"disable a rule", func(ctx context.Context, c *client.Client) error {
			return c.SetRule(ctx, client.Name{Namespace: "_", Name: "r"}, false)
		}, "POST", "/api/v1/namespaces/_/rules/r", `{"status":"inactive"}`},
		{"invoke for the result", func(ctx context.Context, c *client.Client) error {
			_, err := c.Invoke(ctx, client.Name{Namespace: "_", Name: "f"}, map[string]json.RawMessage{"a": json.RawMessage("1")}, false, true)
			return err
		}, "POST", "/api/v1/namespaces/_/actions/f?blocking=true&result=true", `{"a":1}`},
		{"fire", func(ctx context.Context, c *client.Client) error {
			_, err := c.Fire(ctx, client.Name{Namespace: "_", Name: "t"}, nil)
			return err
		}, "POST", "/api/v1/namespaces/_/triggers/t", "null"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s, c := setup(t, http.StatusOK, "{}")
			if err := test.call(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			got := []string{s.method, s.uri, s.body, s.user, s.key}
			if diff := cmp.Diff(got, []string{test.method, test.uri, test.body, "id", "secret"}); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestInvokeTellsTheActionsNoFromThePlatforms(t *testing.T) {
	t.Parallel()
	const id = "0123456789abcdef0123456789abcdef"
	for _, test := range []struct {
		name         string
		status       int
		answer       string
		done, failed bool
		id           string
		no           bool
	}{
		{"ok, a record", 200, `{"activationId":"` + id + `"}`, true, false, id, false},
		{"ok, accepted", 202, `{"activationId":"` + id + `"}`, false, false, id, false},
		{"ok, the action failed", 502, `{"error":"mine"}`, true, true, "", false},
		{"nok, the platform failed", 502, `{"error":"ours","code":"tx"}`, false, false, "", true},
		{"nok, a proxy on the way failed", 502, `<html>`, false, false, "", true},
		{"nok, no such action", 404, `{"error":"The requested resource does not exist.","code":"tx"}`, false, false, "", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, c := setup(t, test.status, test.answer)
			got, err := c.Invoke(t.Context(), client.Name{Namespace: "_", Name: "f"}, nil, true, false)
			if (err != nil) != test.no || got.Done != test.done || got.Failed != test.failed || got.ID != test.id {
				t.Errorf("got %+v, error %v", got, err)
			}
		})
	}
}

func TestErrorsCarryTheServersWords(t *testing.T) {
	t.Parallel()
	_, c := setup(t, http.StatusConflict, `{"error":"resource already exists","code":"abc"}`)
	_, err := c.Put(t.Context(), client.Rules, client.Name{Namespace: "_", Name: "r"}, client.Put{}, false)
	var no *client.Error
	if !errors.As(err, &no) {
		t.Fatalf("error %v of type %T", err, err)
	}
	if no.Status != 409 || no.Message != "resource already exists" || no.Code != "abc" {
		t.Errorf("got %+v", no)
	}
}

func TestParseName(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text string
		want client.Name
		ok   bool
	}{
		{"f", client.Name{Namespace: "_", Name: "f"}, true},
		{"p/f", client.Name{Namespace: "_", Package: "p", Name: "f"}, true},
		{"/n/f", client.Name{Namespace: "n", Name: "f"}, true},
		{"/n/p/f", client.Name{Namespace: "n", Package: "p", Name: "f"}, true},
		{"", client.Name{}, false},
		{"/n", client.Name{}, false},
		{"/n/", client.Name{}, false},
		{"//f", client.Name{}, false},
		{"p/", client.Name{}, false},
		{"/n/p/f/g", client.Name{}, false},
		{"a//b", client.Name{}, false},
	} {
		t.Run(test.text, func(t *testing.T) {
			t.Parallel()
			got, err := client.ParseName(test.text)
			if (err == nil) != test.ok {
				t.Fatalf("error %v, want ok %v", err, test.ok)
			}
			if test.ok && got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}
