package openwhisk_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/queue"
	"github.com/hearth-faas/hearth/store/storetest"
)

// weak is a platform with two API servers that share nothing but Redis, and
// some actions.
type weak struct {
	*platform
	t     *testing.T
	other http.Handler
}

const (
	root    = "/api/v1/namespaces/_/"
	webBody = `{"exec":{"kind":"nodejs:24","code":"x"},"annotations":[{"key":"web-export","value":true}]}`
)

func newWeak(t *testing.T) weak {
	t.Helper()
	rdb := storetest.Redis(t)
	w := weak{platform: newPlatform(t, rdb), t: t}
	log := slog.New(slog.DiscardHandler)
	w.other = serve(t, control.New(w.db, queue.NewClient(rdb), log, control.Options{Server: "other"}), log, manifest)
	for _, name := range []string{"echo", "lists", "breaks"} {
		w.want(http.StatusOK, http.MethodPut, root+"actions/"+name, webBody)
	}
	return w
}

// want sends a request as guest and returns the body of the answer, which has
// to have the status.
func (w weak) want(status int, method, target, body string) string {
	w.t.Helper()
	rec := w.call(method, target, body)
	if rec.Code != status {
		w.t.Fatalf("%s %s: got %d %s, want %d", method, target, rec.Code, rec.Body, status)
	}
	return rec.Body.String()
}

// says fails unless text is in the body.
func (w weak) says(body, text string) {
	w.t.Helper()
	if !strings.Contains(body, text) {
		w.t.Errorf("got %s, want %s in it", body, text)
	}
}

// TestWeakPointsOfOpenWhisk has a row for each weak point of the original's
// that is none here; README.md has the list, and those that remain.
func TestWeakPointsOfOpenWhisk(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		test func(weak)
	}{
		{"what the platform could not run has a record that says so", weak.definiteRecord},
		{"a web action answers with an array", weak.arrayOfWebAction},
		{"a rule and its trigger are written at once", weak.ruleInOneWrite},
		{"rules survive their trigger, and work with the next of its name", weak.rulesOutliveTriggers},
		{"all API servers count calls together", weak.sharedRates},
		{"an update is seen at once by every API server", weak.noStaleCache},
		{"the record can be read when the blocking call is answered", weak.recordAtOnce},
		{"updates of one action at the same time all succeed", weak.noLostUpdate},
		{"a call that was accepted says where its record will be", weak.location},
		{"a large result is answered without delay", weak.largeResult},
		{"an activation can be cancelled", weak.cancel},
		{"a refusal may be read by pages of other origins", weak.corsOfRefusals},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.test(newWeak(t))
		})
	}
}

func (w weak) definiteRecord() {
	var made struct{ ActivationID string }
	accepted := w.want(http.StatusAccepted, http.MethodPost, root+"actions/breaks", `{}`)
	if err := json.Unmarshal([]byte(accepted), &made); err != nil {
		w.t.Fatal(err)
	}
	rec := w.until(w.t, http.StatusOK, http.MethodGet, root+"activations/"+made.ActivationID, "")
	w.says(rec.Body.String(), `"status":"whisk internal error"`)
}

func (w weak) arrayOfWebAction() {
	body := w.want(http.StatusOK, http.MethodGet, "/api/v1/web/guest/default/lists.json", "")
	if got := strings.Join(strings.Fields(body), ""); got != "[1,2]" {
		w.t.Errorf("got %s", got)
	}
}

func (w weak) ruleInOneWrite() {
	w.want(http.StatusOK, http.MethodPut, root+"triggers/t", `{}`)
	w.want(http.StatusOK, http.MethodPut, root+"rules/r", `{"trigger":"/_/t","action":"/_/echo"}`)
	w.says(w.want(http.StatusOK, http.MethodGet, root+"triggers/t", ""), `"guest/r":{"action":{"path":"guest","name":"echo"},"status":"active"}`)
	w.says(w.want(http.StatusOK, http.MethodGet, root+"rules/r", ""), `"status":"active"`)
}

func (w weak) rulesOutliveTriggers() {
	w.ruleInOneWrite()
	w.want(http.StatusOK, http.MethodDelete, root+"triggers/t", "")
	w.says(w.want(http.StatusOK, http.MethodGet, root+"rules/r", ""), `"status":"inactive"`)
	w.want(http.StatusOK, http.MethodPut, root+"triggers/t", `{}`)
	w.want(http.StatusOK, http.MethodPost, root+"rules/r", `{"status":"active"}`)
	w.want(http.StatusAccepted, http.MethodPost, root+"triggers/t", `{}`)
}

func (w weak) sharedRates() {
	one := 1
	if err := w.db.SetQuota(w.t.Context(), "other", core.Quota{InvocationsPerMinute: &one}); err != nil {
		w.t.Fatal(err)
	}
	key := w.keys["other"]
	call := func(h http.Handler) int {
		return ask(h, http.MethodPost, root+"actions/none", key.UUID, key.Secret, `{}`).Code
	}
	// A minute may end between two calls, but not between all of them.
	for deadline := time.Now().Add(patience); ; {
		first, second := call(w.handler), call(w.other)
		if first == http.StatusNotFound && second == http.StatusTooManyRequests {
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("got %d of one server and %d of the other", first, second)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func (w weak) noStaleCache() {
	key := w.keys["guest"]
	for range 20 {
		var put struct{ Version string }
		body := w.want(http.StatusOK, http.MethodPut, root+"actions/echo?overwrite=true", webBody)
		if err := json.Unmarshal([]byte(body), &put); err != nil {
			w.t.Fatal(err)
		}
		rec := ask(w.other, http.MethodGet, root+"actions/echo", key.UUID, key.Secret, "")
		w.says(rec.Body.String(), `"version":"`+put.Version+`"`)
	}
}

func (w weak) recordAtOnce() {
	for range 20 {
		rec := w.call(http.MethodPost, root+"actions/echo?blocking=true", `{}`)
		w.want(http.StatusOK, http.MethodGet, root+"activations/"+rec.Header().Get("X-Openwhisk-Activation-Id"), "")
	}
}

func (w weak) location() {
	rec := w.call(http.MethodPost, root+"actions/echo", `{}`)
	if rec.Code != http.StatusAccepted {
		w.t.Fatalf("got %d %s", rec.Code, rec.Body)
	}
	w.until(w.t, http.StatusOK, http.MethodGet, rec.Header().Get("Location"), "")
}

func (w weak) noLostUpdate() {
	const writers = 20
	answers := make([]*httptest.ResponseRecorder, writers)
	key := w.keys["guest"]
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() {
			h := []http.Handler{w.handler, w.other}[i%2]
			answers[i] = ask(h, http.MethodPut, root+"actions/echo?overwrite=true", key.UUID, key.Secret, webBody)
		})
	}
	all.Wait()
	for _, rec := range answers {
		if rec.Code != http.StatusOK {
			w.t.Errorf("got %d %s", rec.Code, rec.Body)
		}
	}
	w.says(w.want(http.StatusOK, http.MethodGet, root+"actions/echo", ""), `"version":"0.0.21"`)
}

func (w weak) largeResult() {
	large := `{"x":"` + strings.Repeat("x", 900<<10) + `"}`
	if got := w.want(http.StatusOK, http.MethodPost, root+"actions/echo?blocking=true&result=true", large); got != large {
		w.t.Errorf("got %d bytes, want %d", len(got), len(large))
	}
}

func (w weak) cancel() {
	var made struct{ ActivationID string }
	accepted := w.want(http.StatusAccepted, http.MethodPost, root+"actions/echo?delay=1h", `{}`)
	if err := json.Unmarshal([]byte(accepted), &made); err != nil {
		w.t.Fatal(err)
	}
	w.want(http.StatusAccepted, http.MethodDelete, root+"activations/"+made.ActivationID, "")
	w.says(w.want(http.StatusOK, http.MethodGet, root+"activations/"+made.ActivationID, ""), "The activation was cancelled.")
}

func (w weak) corsOfRefusals() {
	rec := ask(w.handler, http.MethodGet, root+"actions", "", "", "")
	if rec.Code != http.StatusUnauthorized || rec.Header().Get("Access-Control-Allow-Origin") != "*" {
		w.t.Errorf("got %d %v", rec.Code, rec.Header())
	}
}
