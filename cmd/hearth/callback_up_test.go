package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestUpCallsBack has a call whose caller and whose action both want to know
// of its end.
func TestUpCallsBack(t *testing.T) {
	t.Parallel()
	type request struct {
		path, id string
		body     []byte
	}
	requests := make(chan request, 10)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // what is missing is seen below
		requests <- request{r.URL.Path, r.Header.Get("Webhook-Id"), body}
	}))
	t.Cleanup(receiver.Close)
	dir := folder(t)
	up := serve(t, []string{"HEARTH_CALLBACK_ALLOW=127.0.0.0/8"}, "up", "--addr", "127.0.0.1:0", "--data", dir)
	env := []string{"WSK_CONFIG_FILE=" + filepath.Join(dir, propertyFile)}
	must(t, env, "action", "create", "hello", sample(t), "-a", "on-success", receiver.URL+"/destination")
	properties, err := os.ReadFile(filepath.Join(dir, propertyFile))
	if err != nil {
		t.Fatal(err)
	}
	user, password, _ := strings.Cut(auth(properties), ":")
	invoke := func(callback string) *http.Response {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, up.url+"/api/v1/namespaces/_/actions/hello", strings.NewReader(`{"name":"you"}`))
		if err != nil {
			t.Fatal(err)
		}
		req.SetBasicAuth(user, password)
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("X-Callback-Url", callback)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { res.Body.Close() })
		return res
	}
	closed := invoke("http://169.254.169.254/latest/meta-data")
	if body, _ := io.ReadAll(closed.Body); closed.StatusCode != http.StatusBadRequest || !strings.Contains(string(body), "--callback-allow") {
		t.Errorf("status %d, body %s", closed.StatusCode, body)
	}
	if res := invoke(receiver.URL + "/callback"); res.StatusCode != http.StatusAccepted {
		t.Fatalf("status %d", res.StatusCode)
	}
	got := map[string]request{}
	for len(got) < 2 {
		select {
		case r := <-requests:
			got[r.path] = r
		case <-time.After(patient):
			t.Fatalf("got only %v", got)
		}
	}
	var record struct {
		Response struct{ Result struct{ Hello string } }
	}
	var envelope struct {
		Request struct{ Name string }
		Result  struct{ Hello string }
	}
	for path, v := range map[string]any{"/callback": &record, "/destination": &envelope} {
		if err := json.Unmarshal(got[path].body, v); err != nil {
			t.Errorf("%s: %v in %s", path, err, got[path].body)
		}
	}
	if record.Response.Result.Hello != "you" || envelope.Request.Name != "you" || envelope.Result.Hello != "you" {
		t.Errorf("got %+v and %+v", record, envelope)
	}
	eventually(t, `"state": "done"`, env, "callback", "show", got["/callback"].id)
	if list := must(t, env, "callback", "list"); !strings.Contains(list, got["/destination"].id) {
		t.Errorf("got %q", list)
	}
	if secret := must(t, env, "callback", "secret"); !strings.HasPrefix(secret, "whsec_") {
		t.Errorf("got %q", secret)
	}
}
