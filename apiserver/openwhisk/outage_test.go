package openwhisk_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/hearth-faas/hearth/store/storetest"
)

// request is one of guest.
func (p *platform) request(method, target, body string) *http.Request {
	req := httptest.NewRequest(method, target, strings.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	req.SetBasicAuth(p.keys["guest"].UUID, p.keys["guest"].Secret)
	return req
}

// call sends a request as guest.
func (p *platform) call(method, target, body string) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	p.handler.ServeHTTP(rec, p.request(method, target, body))
	return rec
}

const (
	actionPath = "/api/v1/namespaces/_/actions/echo"
	actionBody = `{"exec":{"kind":"nodejs:24","code":"function main(p){return p}"}}`
)

// until repeats a call until it is answered with the status.
func (p *platform) until(t *testing.T, status int, method, target, body string) *httptest.ResponseRecorder {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		rec := p.call(method, target, body)
		if rec.Code == status {
			return rec
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s %s: got %d %s, want %d", method, target, rec.Code, rec.Body, status)
		}
	}
}

func TestNothingIsAcceptedWhileRedisIsAway(t *testing.T) {
	t.Parallel()
	redis := storetest.Server(t)
	p := newPlatform(t, redis.Client())
	p.until(t, http.StatusOK, http.MethodPut, actionPath+"?overwrite=true", actionBody)
	redis.Kill()
	for _, tt := range []struct{ name, method, target, body string }{
		{"read", http.MethodGet, actionPath, ""},
		{"write", http.MethodPut, actionPath + "?overwrite=true", actionBody},
		{"invoke", http.MethodPost, actionPath, "{}"},
		{"invoke and wait", http.MethodPost, actionPath + "?blocking=true", "{}"},
		{"list", http.MethodGet, "/api/v1/namespaces/_/activations", ""},
	} {
		rec := p.call(tt.method, tt.target, tt.body)
		if rec.Code != http.StatusServiceUnavailable ||
			!strings.Contains(rec.Body.String(), "The server is currently unavailable (because it is overloaded or down for maintenance).") {
			t.Errorf("%s: got %d %s", tt.name, rec.Code, rec.Body)
		}
		if rec.Header().Get("Retry-After") == "" {
			t.Errorf("%s: no Retry-After", tt.name)
		}
	}
	redis.Start()
	p.until(t, http.StatusOK, http.MethodGet, actionPath, "")
	p.until(t, http.StatusOK, http.MethodPost, actionPath+"?blocking=true&result=true", "{}")
}

func TestACorruptEntityIsSaidToBeOne(t *testing.T) {
	t.Parallel()
	rdb := storetest.Redis(t)
	p := newPlatform(t, rdb)
	p.until(t, http.StatusOK, http.MethodPut, actionPath, actionBody)
	keys, err := rdb.Keys(t.Context(), "*:entity:echo").Result()
	if err != nil || len(keys) != 1 {
		t.Fatalf("got keys %q, %v", keys, err)
	}
	fields, err := rdb.HGetAll(t.Context(), keys[0]).Result()
	if err != nil {
		t.Fatal(err)
	}
	for field, value := range fields {
		if strings.HasPrefix(value, "{") {
			fields[field] = "{"
		}
	}
	// The revision changes with every write, so that nobody remembers the old
	// document by it.
	fields["revision"] = "another"
	if err := rdb.HSet(t.Context(), keys[0], fields).Err(); err != nil {
		t.Fatal(err)
	}
	rec := p.call(http.MethodGet, actionPath, "")
	if rec.Code != http.StatusInternalServerError || !strings.Contains(rec.Body.String(), "Resource is corrupted and cannot be read.") {
		t.Errorf("got %d %s", rec.Code, rec.Body)
	}
}

func TestALongPathIsAccepted(t *testing.T) {
	t.Parallel()
	p := setup(t)
	rec := p.call(http.MethodGet, "/api/v1/namespaces/_/actions?x="+strings.Repeat("x", 8<<10), "")
	if rec.Code != http.StatusOK {
		t.Errorf("got %d %s", rec.Code, rec.Body)
	}
}

func TestErrorsOfWebActionsArePretty(t *testing.T) {
	t.Parallel()
	p := setup(t)
	rec := p.call(http.MethodGet, "/api/v1/web/guest/default/none", "")
	if want := "{\n  \"error\": \"The requested resource does not exist.\",\n  \"code\": \""; !strings.HasPrefix(rec.Body.String(), want) {
		t.Errorf("got %s, want %s…", rec.Body, want)
	}
}

func TestAWaitThatIsCutOffIsAnsweredWithTheID(t *testing.T) {
	t.Parallel()
	p := setup(t)
	p.until(t, http.StatusOK, http.MethodPut, "/api/v1/namespaces/_/actions/slow", actionBody)
	ctx, cut := context.WithCancel(t.Context())
	req := p.request(http.MethodPost, "/api/v1/namespaces/_/actions/slow?blocking=true", "{}").WithContext(ctx)
	rec := httptest.NewRecorder()
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.handler.ServeHTTP(rec, req)
	}()
	select { // it is running once the worker has it
	case <-p.slow:
	case <-time.After(patience):
		t.Fatal("the action does not run")
	}
	cut()
	<-done
	if rec.Code != http.StatusAccepted || rec.Header().Get("X-Openwhisk-Activation-Id") == "" {
		t.Errorf("got %d %s", rec.Code, rec.Body)
	}
}

func TestARequestThatIsOverAcceptsNothing(t *testing.T) {
	t.Parallel()
	p := setup(t)
	p.until(t, http.StatusOK, http.MethodPut, actionPath, actionBody)
	ctx, cut := context.WithCancel(t.Context())
	cut()
	rec := httptest.NewRecorder()
	p.handler.ServeHTTP(rec, p.request(http.MethodPost, actionPath, "{}").WithContext(ctx))
	if rec.Code != http.StatusServiceUnavailable {
		t.Errorf("got %d %s", rec.Code, rec.Body)
	}
}
