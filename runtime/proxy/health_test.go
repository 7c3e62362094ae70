package main_test

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestHealth(t *testing.T) {
	t.Parallel()
	f := serve(t, "fprocess=cat")
	await(t, func() bool { return f.do("GET", "/_/health", "").status == 200 })
	if a := f.do("GET", "/_/health", ""); a.status != 200 || a.body != "OK" {
		t.Errorf("got %d %q", a.status, a.body)
	}
	if a := f.do("POST", "/_/health", ""); a.status != 405 {
		t.Errorf("by POST: got %d", a.status)
	}
	check := func() error {
		cmd := exec.Command(built, "-run-healthcheck")
		cmd.Env = []string{"TMPDIR=" + filepath.Dir(f.lock)}
		return cmd.Run()
	}
	if info, err := os.Stat(f.lock); err != nil || info.Mode().Perm()&0o660 == 0 {
		t.Errorf("lock file: %v, %v", info, err)
	}
	if err := check(); err != nil {
		t.Errorf("check by command: %v", err)
	}
	if err := os.Remove(f.lock); err != nil {
		t.Fatal(err)
	}
	if a := f.do("GET", "/_/health", ""); a.status != 503 {
		t.Errorf("without the lock file: got %d", a.status)
	}
	if err := check(); err == nil {
		t.Error("check by command without the lock file: no error")
	}
	if a := f.do("POST", "/", "x"); a.status != 200 {
		t.Errorf("a request all the same: got %d", a.status)
	}
}

func TestHealthWithoutLock(t *testing.T) {
	t.Parallel()
	f := serve(t, "fprocess=cat", "suppress_lock=true", "mode=streaming")
	await(t, func() bool { return f.do("GET", "/_/health", "").status == 200 })
	if a := f.do("GET", "/_/ready", ""); a.status != 200 {
		t.Errorf("ready: got %d", a.status)
	}
	if _, err := os.Stat(f.lock); err == nil {
		t.Error("there is a lock file")
	}
}

// stuck is a function that waits for a file: enter waits until it runs, leave
// has it end.
func stuck(t *testing.T) (command string, enter, leave func()) {
	t.Helper()
	dir := t.TempDir()
	command = script(t, "cd "+dir+"; mkdir entered; until [ -e leave ]; do [ -d "+dir+" ] || exit; sleep 0.05; done; echo done")
	enter = func() { exists(t, dir+"/entered") }
	leave = func() {
		if err := os.WriteFile(dir+"/leave", nil, 0o600); err != nil {
			t.Error(err)
		}
	}
	return command, enter, leave
}

func TestLimitOfRequests(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"classic", "serializing", "streaming"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			command, enter, leave := stuck(t)
			f := serve(t, "fprocess="+command, "mode="+mode, "max_inflight=1")
			await(t, func() bool { return f.do("GET", "/_/health", "").status == 200 })
			done := make(chan answer, 1)
			go func() { done <- f.do("POST", "/", "") }()
			enter()
			a := f.do("POST", "/", "")
			if a.status != 429 || a.body != "Concurrent request limit exceeded. Max concurrent requests: 1\n" ||
				a.header.Get("X-OpenFaaS-Internal") != "faas-middleware" || a.header.Get("Content-Type") != "text/plain" {
				t.Errorf("second request: got %d %q %v", a.status, a.body, a.header)
			}
			if a := f.do("GET", "/_/health", ""); a.status != 200 {
				t.Errorf("health when full: got %d", a.status)
			}
			if mode != "classic" {
				if a := f.do("GET", "/_/ready", ""); a.status != 429 {
					t.Errorf("ready when full: got %d", a.status)
				}
			}
			leave()
			if a := <-done; a.status != 200 || a.body != "done\n" {
				t.Errorf("first request: got %d %q", a.status, a.body)
			}
		})
	}
}

func TestReady(t *testing.T) {
	t.Parallel()
	f := serve(t, "mode=serializing", "ready_path=/am-i?x=1", "fprocess="+script(t, `[ "$Http_Method $Http_Path $Http_Query" = "GET /am-i x=1" ]`))
	await(t, func() bool { return f.do("GET", "/_/health", "").status == 200 })
	if a := f.do("GET", "/_/ready", ""); a.status != 200 || a.body != "" {
		t.Errorf("got %d %q", a.status, a.body)
	}
	if a := f.do("PUT", "/_/ready", ""); a.status != 405 {
		t.Errorf("by PUT: got %d", a.status)
	}
	bad := serve(t, "mode=serializing", "ready_path=/", "fprocess=false")
	await(t, func() bool { return bad.do("GET", "/_/health", "").status == 200 })
	if a := bad.do("GET", "/_/ready", ""); a.status != 500 || a.body != "" {
		t.Errorf("a function that is not ready: got %d %q", a.status, a.body)
	}
	if err := os.Remove(bad.lock); err != nil {
		t.Fatal(err)
	}
	if a := bad.do("GET", "/_/ready", ""); a.status != 503 {
		t.Errorf("without lock file: got %d", a.status)
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	f := serve(t, "fprocess="+script(t, `[ "$Http_Path" != /fail ]`))
	await(t, func() bool { return f.do("GET", "/_/health", "").status == 200 })
	f.do("POST", "/", "")
	f.do("POST", "/", "")
	f.do("GET", "/fail", "")
	f.do("INVENTED", "/", "")
	var text string
	await(t, func() bool { // a request is counted after its answer
		resp, err := http.Get(f.metrics)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		text = string(body)
		return err == nil && strings.Contains(text, `{code="405",method="unknown"} 1`) && strings.Contains(text, "in_flight 0\n")
	})
	for _, line := range []string{
		"# TYPE http_requests_total counter",
		`http_requests_total{code="200",method="post"} 2`,
		`http_requests_total{code="500",method="get"} 1`,
		"# TYPE http_request_duration_seconds histogram",
		`http_request_duration_seconds_bucket{code="200",method="post",le="0.005"} `,
		`http_request_duration_seconds_bucket{code="200",method="post",le="+Inf"} 2`,
		`http_request_duration_seconds_count{code="500",method="get"} 1`,
		`http_request_duration_seconds_sum{code="500",method="get"} 0.`,
		"# TYPE http_requests_in_flight gauge",
	} {
		if !strings.Contains(text, "\n"+line) && !strings.HasPrefix(text, line) {
			t.Errorf("not in the metrics: %s", line)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
}

func TestDrain(t *testing.T) {
	t.Parallel()
	command, enter, leave := stuck(t)
	f := serve(t, "fprocess="+command, "healthcheck_interval=30s")
	await(t, func() bool { return f.do("GET", "/_/health", "").status == 200 })
	done := make(chan answer, 1)
	go func() { done <- f.do("POST", "/", "") }()
	enter()
	f.term()
	f.logged("SIGTERM: no new connections in 30s\n")
	await(t, func() bool { return f.do("GET", "/_/health", "").status == 503 })
	if a := f.do("OPTIONS", "/", ""); a.status != 405 {
		t.Errorf("a request while it is not healthy: got %d, %v", a.status, a.err)
	}
	if _, err := os.Stat(f.lock); err == nil {
		t.Error("the lock file is still there")
	}
	f.term() // no more patience
	f.logged("draining: 1 requests\n")
	leave()
	if a := <-done; a.status != 200 || a.body != "done\n" {
		t.Errorf("the request that ran: got %d %q, %v", a.status, a.body, a.err)
	}
	if code := f.ended(); code != 0 {
		t.Errorf("got exit code %d", code)
	}
	f.logged("Exiting. Active connections: 0\n")
}

// Nothing keeps a function that is idle, and nothing but write_timeout one
// that is not.
func TestDrainEnds(t *testing.T) {
	t.Parallel()
	idle := serve(t, "fprocess=cat", "write_timeout=1h")
	pid := filepath.Join(t.TempDir(), "pid")
	busy := serve(t, "write_timeout=200ms", "fprocess="+script(t, "echo $$ >"+pid+".new; mv "+pid+".new "+pid+"; exec sleep 100000"))
	go busy.do("POST", "/", "")
	exists(t, pid)
	for _, f := range []*served{idle, busy} {
		await(t, func() bool { return f.do("GET", "/_/health", "").status == 200 })
		f.term()
		if code := f.ended(); code != 0 {
			t.Errorf("got exit code %d", code)
		}
	}
	text, err := os.ReadFile(pid)
	if err != nil {
		t.Fatal(err)
	}
	await(t, func() bool { // its process is gone, or waits for its parent to see that
		stat, err := os.ReadFile("/proc/" + strings.TrimSpace(string(text)) + "/stat")
		return err != nil || strings.Contains(string(stat), ") Z ")
	})
}
