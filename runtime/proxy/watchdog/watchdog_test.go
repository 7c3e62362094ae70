package watchdog_test

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/hearth-faas/hearth/runtime/proxy/reap"
	"github.com/hearth-faas/hearth/runtime/proxy/watchdog"
)

// shell is a Config that runs a script.
func shell(script string) watchdog.Config {
	return watchdog.Config{Process: []string{"sh", "-c", script}, CombineOutput: true, Headers: true, Environ: os.Environ()}
}

func TestFork(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		script string
		change func(*watchdog.Config)
		method string
		status int
		body   string
	}{
		"the body is the input, the output the answer": {script: "tr a-z A-Z", status: 200, body: "HELLO"},
		"the request is in variables":                  {script: `echo "$Http_Method $Http_Path $Http_Query $Http_X_Test $Http_ContentLength"`, status: 200, body: "POST /a/b x=1&y=2 first 5\n"},
		"no variables if not wanted":                   {script: `echo "-$Http_Method-"`, change: func(c *watchdog.Config) { c.Headers = false }, status: 200, body: "--\n"},
		"stderr is in the answer":                      {script: "echo out; echo err >&2", status: 200, body: "out\nerr\n"},
		"stderr is not, if not wanted":                 {script: "echo out; echo err >&2", change: func(c *watchdog.Config) { c.CombineOutput = false }, status: 200, body: "out\n"},
		"a failure shows with the output":              {script: "echo out; exit 3", status: 500, body: "exit status 3\nout\n"},
		"what takes too long is killed": {script: "exec sleep 1000", change: func(c *watchdog.Config) { c.ExecTimeout = 20 * time.Millisecond },
			status: 408, body: "Killed process.\n"},
		"a method that means nothing": {script: "cat", method: http.MethodOptions, status: 405},
		"a program that is not there": {change: func(c *watchdog.Config) { c.Process = []string{"/nonexistent"} }, status: 500,
			body: "fork/exec /nonexistent: no such file or directory\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := shell(tt.script)
			if tt.change != nil {
				tt.change(&config)
			}
			var logs bytes.Buffer
			f := watchdog.NewFork(config, reap.New(), log.New(&logs, "", 0))
			method := tt.method
			if method == "" {
				method = http.MethodPost
			}
			r := httptest.NewRequest(method, "/a/b?x=1&y=2", strings.NewReader("hello"))
			r.Header["X-Test"] = []string{"first", "second"}
			r.Header.Set("Content-Type", "text/x-test")
			w := httptest.NewRecorder()
			f.ServeHTTP(w, r)
			if w.Code != tt.status || w.Body.String() != tt.body {
				t.Errorf("got %d %q, want %d %q", w.Code, w.Body, tt.status, tt.body)
			}
			if tt.status != 200 {
				return
			}
			if w.Header().Get("Content-Type") != "text/x-test" || w.Header().Get("X-Duration-Seconds") == "" {
				t.Errorf("got headers %v", w.Header())
			}
			if !strings.HasPrefix(logs.String(), fmt.Sprintf("Forking fprocess.\nWrote %d Bytes - Duration: ", len(tt.body))) {
				t.Errorf("got logs %q", logs.String())
			}
		})
	}
}

func TestHealthAndTheLimitOfRequests(t *testing.T) {
	t.Parallel()
	entered, leave := make(chan struct{}), make(chan struct{})
	h := watchdog.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		entered <- struct{}{}
		<-leave
	}), 1)
	get := func(method, path string) (int, string) {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(method, path, nil))
		return w.Code, w.Body.String()
	}
	if code, body := get("GET", "/_/health"); code != 200 || body != "OK" {
		t.Errorf("health: got %d %q", code, body)
	}
	if code, _ := get("POST", "/_/health"); code != 405 {
		t.Errorf("health by POST: got %d", code)
	}
	if code, _ := get("GET", "/_/ready"); code != 200 {
		t.Errorf("ready: got %d", code)
	}
	done := make(chan struct{})
	go func() { get("GET", "/"); close(done) }()
	<-entered
	if code, body := get("GET", "/"); code != 429 || body != "Concurrent request limit exceeded. Max concurrent requests: 1\n" {
		t.Errorf("second request: got %d %q", code, body)
	}
	if code, _ := get("GET", "/_/ready"); code != 429 {
		t.Errorf("ready when full: got %d", code)
	}
	if code, _ := get("GET", "/_/health"); code != 200 {
		t.Errorf("health when full: got %d", code)
	}
	close(leave)
	<-done
}

func TestUpstream(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/slow":
			<-r.Context().Done()
		case "/moved":
			http.Redirect(w, r, "/elsewhere", http.StatusFound)
		default:
			body, _ := io.ReadAll(r.Body)
			w.Header().Set("X-Mine", "yes")
			w.WriteHeader(http.StatusTeapot)
			fmt.Fprintf(w, "%s %s %s %s", r.Method, r.URL.RequestURI(), r.Host, body)
		}
	}))
	t.Cleanup(server.Close)
	config := watchdog.Config{Process: []string{"sleep", "1000"}, UpstreamURL: server.URL, ExecTimeout: time.Minute}
	u, err := watchdog.StartUpstream(config, reap.New(), func(error) {})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		now := make(chan struct{})
		close(now)
		u.Close(now)
	})
	do := func(r *http.Request) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		u.ServeHTTP(w, r)
		return w
	}
	w := do(httptest.NewRequest(http.MethodPut, "http://host.example/a%2Fb?q=1", strings.NewReader("body")))
	if w.Code != 418 || w.Body.String() != "PUT /a%2Fb?q=1 host.example body" || w.Header().Get("X-Mine") != "yes" || w.Header().Get("X-Duration-Seconds") == "" {
		t.Errorf("got %d %q %v", w.Code, w.Body, w.Header())
	}
	if w := do(httptest.NewRequest(http.MethodGet, "/moved", nil)); w.Code != 302 {
		t.Errorf("a redirection was followed: got %d", w.Code)
	}
	slow := httptest.NewRequest(http.MethodGet, "/slow", nil)
	slow.Header.Set("X-Timeout", "20ms")
	if w := do(slow); w.Code != 504 || w.Header().Get("X-OpenFaaS-Internal") != "of-watchdog" {
		t.Errorf("over the time limit: got %d %v", w.Code, w.Header())
	}
	server.Close()
	if w := do(httptest.NewRequest(http.MethodGet, "/", nil)); w.Code != 500 || w.Body.Len() != 0 || w.Header().Get("X-OpenFaaS-Internal") != "of-watchdog" {
		t.Errorf("without upstream: got %d %q %v", w.Code, w.Body, w.Header())
	}
}

func TestUpstreamThatFailsIsReported(t *testing.T) {
	t.Parallel()
	failed := make(chan error, 1)
	config := watchdog.Config{Process: []string{"sh", "-c", "exit 3"}, UpstreamURL: "http://127.0.0.1:1"}
	if _, err := watchdog.StartUpstream(config, reap.New(), func(err error) { failed <- err }); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-failed:
		if !strings.Contains(err.Error(), "exit status 3") {
			t.Errorf("got %v", err)
		}
	case <-time.After(time.Minute):
		t.Error("nothing was reported")
	}
}

func TestConfigFrom(t *testing.T) {
	t.Parallel()
	c, err := watchdog.ConfigFrom([]string{"fprocess=cat -u", "function_process=tr a b", "exec_timeout=5", "content_type=text/plain",
		"combine_output=false", "cgi_headers=no", "max_inflight=3", "HEARTH_SOCKET=/s", "A=b=c"}, "fork")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Join(c.Process, "|") != "tr|a|b" || c.ExecTimeout != 5*time.Second || c.ContentType != "text/plain" ||
		c.CombineOutput || c.Headers || c.MaxInflight != 3 {
		t.Errorf("got %+v", c)
	}
	if env := strings.Join(c.Environ, "|"); strings.Contains(env, "HEARTH_") || !strings.HasSuffix(env, "A=b=c") {
		t.Errorf("environment: got %s", env)
	}
	for _, tt := range []struct {
		env  []string
		mode string
	}{
		{nil, "fork"},
		{[]string{"fprocess=x", "exec_timeout=soon"}, "fork"},
		{[]string{"fprocess=x", "max_inflight=many"}, "fork"},
		{[]string{"fprocess=x"}, "http"},
	} {
		if _, err := watchdog.ConfigFrom(tt.env, tt.mode); err == nil {
			t.Errorf("%v, %s: no error", tt.env, tt.mode)
		}
	}
	if c, err := watchdog.ConfigFrom([]string{"fprocess=x", "upstream_url=http://a", "http_upstream_url=http://b", "exec_timeout=1m30s"}, "http"); err != nil ||
		c.UpstreamURL != "http://b" || c.ExecTimeout != 90*time.Second {
		t.Errorf("got %+v, %v", c, err)
	}
}
