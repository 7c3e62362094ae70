package direct_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/direct"
)

// receiver takes callbacks.
type receiver struct {
	url  string
	came chan received
}

type received struct {
	header http.Header
	body   string
}

func newReceiver(t *testing.T) receiver {
	t.Helper()
	r := receiver{came: make(chan received, 100)}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		r.came <- received{q.Header, string(body)}
	}))
	t.Cleanup(server.Close)
	r.url = server.URL + "/told"
	return r
}

// post queues a call and expects an answer.
func (p *platform) post(path, body string, header map[string]string) answer {
	p.t.Helper()
	a, err := p.send(http.MethodPost, path, strings.NewReader(body), header)
	must(p.t, err)
	return a
}

func TestFunctionsAreCalledThroughTheQueue(t *testing.T) {
	t.Parallel()
	p := setup(t, settings{})
	to := newReceiver(t)
	p.deploy("f", imageServer, nil, nil)
	for _, c := range []struct {
		name, path, body, call, seen, status string
	}{
		{"a request as it was sent", "/async-function/f.openfaas-fn/a//b%2F..%25?x=1&status=418", "hel\xfflo", "my-call", "/a//b%2F..%25?x=1&status=418", "418"},
		{"without path and body", "/async-function/f", "", "", "/", "200"},
		{"a redirect is not followed", "/async-function/f/?status=302", "", "", "/?status=302", "302"},
	} {
		header := map[string]string{"X-Callback-Url": to.url}
		if c.call != "" {
			header["X-Call-Id"] = c.call
		}
		a := p.post(c.path, c.body, header)
		call := a.header.Get("X-Call-Id")
		if a.status != http.StatusAccepted || a.body != "" || call == "" || c.call != "" && call != c.call || a.header.Get("X-Start-Time") == "" {
			t.Fatalf("%s: got %+v", c.name, a)
		}
		got := <-to.came
		for what, pair := range map[string][2]string{
			"body":        {got.body, c.body},
			"path":        {got.header.Get("X-Path"), c.seen},
			"method":      {got.header.Get("X-Method"), "POST"},
			"status":      {got.header.Get("X-Function-Status"), c.status},
			"call":        {got.header.Get("X-Call-Id"), call},
			"seen call":   {got.header.Get("X-Seen-Call-Id"), call},
			"function":    {got.header.Get("X-Function-Name"), strings.Split(c.path, "/")[2]},
			"retries":     {got.header.Get("X-Retry"), "0"},
			"own headers": {got.header.Get("X-Seen-Callback"), to.url},
		} {
			if i := strings.IndexByte(pair[1], '?'); what == "function" && i > 0 {
				pair[1] = pair[1][:i]
			}
			if pair[0] != pair[1] {
				t.Errorf("%s: %s: got %q, want %q", c.name, what, pair[0], pair[1])
			}
		}
		id := core.ActivationID(a.header.Get("Location")[len("/api/v1/namespaces/guest/activations/"):])
		if c.call == "" && strings.ReplaceAll(call, "-", "") != string(id) {
			t.Errorf("%s: call %s is activation %s", c.name, call, id)
		}
	}
	p.until("the calls to be counted", func() bool {
		n, err := p.db.Invocations(t.Context(), "guest")
		return err == nil && n["f"] == 3
	})
}

func TestQueuedCallsAreRefused(t *testing.T) {
	t.Parallel()
	p := setup(t, settings{gateway: direct.GatewayOptions{AsyncLimit: 10}})
	p.deploy("f", imageServer, nil, nil)
	for _, c := range []struct {
		name, method, path, body, callback string
		want                               int
	}{
		{"an unknown function", "POST", "/async-function/none", "", "", 404},
		{"no function", "POST", "/async-function/", "", "", 404},
		{"another method", "GET", "/async-function/f", "", "", 405},
		{"a callback that is no URL", "POST", "/async-function/f", "", ":x", 400},
		{"a callback to another scheme", "POST", "/async-function/f", "", "ftp://x", 400},
		{"a body that is too large", "POST", "/async-function/f", "0123456789a", "", 413},
		{"a cancellation by anybody", "DELETE", "/async-function/f", "", "", 401},
		{"ok, a body that is just not", "POST", "/async-function/f", "0123456789", "", 202},
	} {
		a, err := p.send(c.method, c.path, strings.NewReader(c.body), map[string]string{"X-Callback-Url": c.callback})
		must(t, err)
		if a.status != c.want {
			t.Errorf("%s: got %+v, want %d", c.name, a, c.want)
		}
	}
}

func TestAQueuedCallIsRetried(t *testing.T) {
	t.Parallel()
	p := setup(t, settings{})
	to := newReceiver(t)
	p.annotations = map[string]string{
		"com.openfaas.retry.attempts": "2", "com.openfaas.retry.min_wait": "10ms", "com.openfaas.retry.max_wait": "20ms",
	}
	p.deploy("f", imageServer, nil, nil)
	p.post("/async-function/f?status=503", "again", map[string]string{"X-Callback-Url": to.url})
	got := <-to.came
	if h := got.header; h.Get("X-Function-Status") != "503" || h.Get("X-Retry") != "2" || h.Get("X-Retry-Max") != "2" || got.body != "again" {
		t.Errorf("got %+v", got)
	}
	p.until("three calls to be counted", func() bool {
		n, err := p.db.Invocations(t.Context(), "guest")
		return err == nil && n["f"] == 3
	})
}

func TestQueuedCallsAreCancelled(t *testing.T) {
	t.Parallel()
	p := setup(t, settings{gateway: direct.GatewayOptions{Admits: func(r *http.Request) bool {
		user, password, _ := r.BasicAuth()
		return user == "admin" && password == "secret"
	}}})
	to := newReceiver(t)
	p.deploy("f", imageServer, nil, nil)
	p.await("f", 1)
	credentials := map[string]string{"Authorization": "Basic YWRtaW46c2VjcmV0"}
	for name, header := range map[string]map[string]string{
		"of an id that the platform made": {"X-Callback-Url": to.url},
		"of an id that the client made":   {"X-Callback-Url": to.url, "X-Call-Id": "an order / 7"},
	} {
		call := p.post("/async-function/f/slow?ms=3600000", "", header).header.Get("X-Call-Id")
		path := "/async-function/" + strings.NewReplacer(" ", "%20", "/", "%2F").Replace(call)
		a, err := p.send(http.MethodDelete, path, nil, credentials)
		if err != nil || a.status != http.StatusAccepted {
			t.Fatalf("%s: got %+v, %v", name, a, err)
		}
		if got := <-to.came; got.header.Get("X-Function-Status") != "503" || got.body != "" || got.header.Get("X-Call-Id") != call {
			t.Errorf("%s: got %+v", name, got)
		}
		if a, err := p.send(http.MethodDelete, path, nil, credentials); err != nil || a.status != http.StatusNotFound {
			t.Errorf("%s, once more: got %+v, %v", name, a, err)
		}
	}
}

func TestDirectCallsAreRecorded(t *testing.T) {
	t.Parallel()
	p := setup(t, settings{gateway: direct.GatewayOptions{Records: 1}})
	p.deploy("f", imageServer, nil, nil)
	made := map[string]core.Status{}
	for path, status := range map[string]core.Status{
		"/function/f": core.StatusSuccess, "/function/f?status=404": core.StatusApplicationError, "/function/f?status=500": core.StatusDeveloperError,
	} {
		a, err := p.call(http.MethodPost, path, strings.NewReader("12345"))
		must(t, err)
		made[a.header.Get("X-Call-Id")] = status
	}
	p.until("three records", func() bool {
		list, err := p.plane.Activations(t.Context(), p.owner, control.ActivationQuery{Name: "f"})
		return err == nil && len(list) == 3
	})
	for call, status := range made {
		a, err := p.plane.Activation(t.Context(), p.owner, core.ActivationID(strings.ReplaceAll(call, "-", "")))
		must(t, err)
		var result struct {
			StatusCode, Size int
			CallID           string
		}
		must(t, json.Unmarshal(a.Outcome.Result, &result))
		if a.Outcome.Status != status || result.Size != 5 || result.CallID != call || a.Kind != core.KindFunction {
			t.Errorf("got %+v, %s", a.Outcome, a.Outcome.Result)
		}
	}
}
