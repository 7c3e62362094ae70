package openwhisk_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestTheStatusOfADelayedActivation(t *testing.T) {
	t.Parallel()
	p := setup(t)
	const actions = "/api/v1/namespaces/_/actions/hello"
	p.until(t, http.StatusOK, http.MethodPut, actions, `{"exec":{"kind":"nodejs:24","code":"x"}}`)
	accepted := p.until(t, http.StatusAccepted, http.MethodPost, actions+"?delay=1h", `{}`)
	path := "/api/v1/namespaces/_/activations/" + accepted.Header().Get("X-Openwhisk-Activation-Id")
	answer := p.until(t, http.StatusOK, http.MethodGet, path+"/status", "")
	var got struct {
		State, Waiting string
		Accepted, Due  int64
	}
	if err := json.Unmarshal(answer.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.State != "queued" || got.Due-got.Accepted != time.Hour.Milliseconds() || !strings.HasPrefix(got.Waiting, "It is delayed until 20") {
		t.Errorf("got %s", answer.Body)
	}
	p.until(t, http.StatusAccepted, http.MethodDelete, path, "")
	answer = p.until(t, http.StatusOK, http.MethodGet, path+"/status", "")
	if !strings.Contains(answer.Body.String(), `"state":"done"`) || strings.Contains(answer.Body.String(), "waiting") {
		t.Errorf("got %s", answer.Body)
	}
	rec := httptest.NewRecorder()
	p.handler.ServeHTTP(rec, p.request(http.MethodGet, "/api/v1/namespaces/_/activations/"+strings.Repeat("0", 32)+"/status", ""))
	if rec.Code != http.StatusNotFound {
		t.Errorf("got %d for one that is not there", rec.Code)
	}
}
