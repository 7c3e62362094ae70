package platform_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hearth-faas/hearth/e2e/platform"
)

// fake is a server that keeps what it was asked last.
type fake struct {
	method, url, user string
	body              string
}

func serve(t *testing.T, answer http.HandlerFunc) (*platform.Client, *fake) {
	t.Helper()
	f := &fake{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		user, _, _ := r.BasicAuth()
		*f = fake{r.Method, r.URL.String(), user, string(b)}
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	return &platform.Client{URL: s.URL, Auth: "me:secret", HTTP: s.Client()}, f
}

func status(code int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		fmt.Fprint(w, body)
	}
}

func TestPutActionSendsAnOpenWhiskBody(t *testing.T) {
	t.Parallel()
	c, f := serve(t, status(200, `{}`))
	err := c.PutAction(t.Context(), "a b/c", platform.Action{
		Kind: "nodejs:default", Code: "x", Main: "m",
		Params: map[string]any{"p": 1}, Limits: map[string]any{"timeout": 100},
	})
	if err != nil {
		t.Fatal(err)
	}
	if f.method != "PUT" || f.url != "/api/v1/namespaces/_/actions/a%20b/c?overwrite=true" || f.user != "me" {
		t.Errorf("request %+v", f)
	}
	var got any
	if err := json.Unmarshal([]byte(f.body), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"exec":       map[string]any{"kind": "nodejs:default", "code": "x", "main": "m"},
		"parameters": []any{map[string]any{"key": "p", "value": 1.0}},
		"limits":     map[string]any{"timeout": 100.0},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("body differs (-want +got):\n%s", diff)
	}
}

func TestInvoke(t *testing.T) {
	t.Parallel()
	c, f := serve(t, status(202, `{"activationId":"abc"}`))
	id, err := c.Invoke(t.Context(), "a", map[string]any{"x": 1})
	if err != nil || id != "abc" || f.body != `{"x":1}` {
		t.Errorf("id %q, error %v, body %s", id, err, f.body)
	}
}

func TestRefusalKeepsItsStatus(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, status(503, `{"error":"down"}`))
	for name, call := range map[string]func() error{
		"non-blocking": func() error { _, err := c.Invoke(t.Context(), "a", nil); return err },
		"blocking":     func() error { _, err := c.Call(t.Context(), "a", nil); return err },
	} {
		var refused *platform.RefusedError
		if err := call(); !errors.As(err, &refused) || refused.Answer.Status != 503 || !strings.Contains(err.Error(), "down") {
			t.Errorf("%s: error %v, want a refusal with 503 and the text", name, err)
		}
	}
}

func TestCallReturnsTheRecordOfAFailedAction(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, status(502, `{"activationId":"abc","response":{"status":"application error"},"annotations":[{"key":"initTime","value":3}]}`))
	got, err := c.Call(t.Context(), "a", nil)
	if err != nil {
		t.Fatal(err)
	}
	if got.ID != "abc" || got.Response.Status != "application error" || !got.Cold() {
		t.Errorf("record %+v", got)
	}
}

func TestActivationIsPolled(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) < 3 {
			status(404, `{}`)(w, r)
			return
		}
		status(200, `{"activationId":"abc","logs":["x"]}`)(w, r)
	})
	got, err := c.Activation(soon(t), "abc")
	if err != nil || len(got.Logs) != 1 || asked.Load() != 3 {
		t.Errorf("record %+v, error %v after %d requests", got, err, asked.Load())
	}
}

func TestAnswersAreRecorded(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, status(200, `{"shown":1}`))
	var rec strings.Builder
	c.Record = &rec
	if err := c.Put(t.Context(), "triggers/t", map[string]any{}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(rec.String(), `{"shown":1}`) || !strings.Contains(rec.String(), "PUT ") {
		t.Errorf("recorded %q", rec.String())
	}
}
