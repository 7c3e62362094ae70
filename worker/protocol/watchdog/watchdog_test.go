package watchdog_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hearth-faas/hearth/worker/protocol/watchdog"
)

const patience = 30 * time.Second

// setup returns a server that passes requests on to the function.
func setup(t *testing.T, function http.Handler) *httptest.Server {
	t.Helper()
	replica := httptest.NewServer(function)
	t.Cleanup(replica.Close)
	client := watchdog.NewClient("tcp", replica.Listener.Addr().String())
	t.Cleanup(client.Close)
	front := httptest.NewServer(watchdog.NewForwarder(client, func(w http.ResponseWriter, _ *http.Request, err error) {
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = io.WriteString(w, err.Error())
	}))
	t.Cleanup(front.Close)
	return front
}

func TestRequestsReachAFunctionAsTheyAre(t *testing.T) {
	t.Parallel()
	seen := make(chan *http.Request, 1)
	front := setup(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen <- r
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
	}))
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPatch, front.URL+"/a//b/..%2Fc%25?q=%20&q=2", strings.NewReader("text"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Own", "1")
	r.Header.Set("X-Forwarded-For", "10.0.0.9")
	r.Header.Set("Proxy-Authorization", "secret")
	r.Header.Set("Authorization", "Basic eDp5")
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusFound || res.Header.Get("Location") != "/elsewhere" {
		t.Errorf("the redirect was not passed back: %v", res)
	}
	got := <-seen
	for what, pair := range map[string][2]string{
		"method":              {got.Method, "PATCH"},
		"path and query":      {got.RequestURI, "/a//b/..%2Fc%25?q=%20&q=2"},
		"own header":          {got.Header.Get("X-Own"), "1"},
		"authorization":       {got.Header.Get("Authorization"), "Basic eDp5"},
		"proxy authorization": {got.Header.Get("Proxy-Authorization"), ""},
		"forwarded for":       {got.Header.Get("X-Forwarded-For"), "10.0.0.9, 127.0.0.1"},
		"forwarded host":      {got.Header.Get("X-Forwarded-Host"), strings.TrimPrefix(front.URL, "http://")},
		"forwarded proto":     {got.Header.Get("X-Forwarded-Proto"), "http"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: got %q, want %q", what, pair[0], pair[1])
		}
	}
	if got.ContentLength != 4 {
		t.Errorf("content length: got %d", got.ContentLength)
	}
}

func TestBodiesAndTrailersStreamBothWays(t *testing.T) {
	t.Parallel()
	front := setup(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).EnableFullDuplex()
		w.Header().Set("Trailer", "X-End")
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
		lines := bufio.NewReader(r.Body)
		for {
			line, err := lines.ReadString('\n')
			if err != nil {
				break
			}
			_, _ = io.WriteString(w, "got "+line)
			_ = http.NewResponseController(w).Flush()
		}
		w.Header().Set("X-End", r.Trailer.Get("X-Sum"))
	}))
	body, write := io.Pipe()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, front.URL, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Trailer = http.Header{"X-Sum": nil}
	go func() { _, _ = io.WriteString(write, "one\n") }()
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	lines := bufio.NewReader(res.Body)
	for _, next := range []string{"two\n", "three\n", ""} {
		if _, err := lines.ReadString('\n'); err != nil {
			t.Fatalf("no answer before the end of the request: %v", err)
		}
		if next == "" {
			r.Trailer.Set("X-Sum", "6")
			write.Close()
			break
		}
		if _, err := io.WriteString(write, next); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := io.Copy(io.Discard, lines); err != nil {
		t.Fatal(err)
	}
	if got := res.Trailer.Get("X-End"); got != "6" {
		t.Errorf("trailer: got %q", got)
	}
}

func TestAnUpgradeJoinsTheConnections(t *testing.T) {
	t.Parallel()
	front := setup(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		_ = rw.Flush()
		line, _ := rw.ReadString('\n')
		_, _ = rw.WriteString("echo " + line)
		_ = rw.Flush()
	}))
	conn, err := net.Dial("tcp", front.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(conn, "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	in := bufio.NewReader(conn)
	res, err := http.ReadResponse(in, nil)
	if err != nil || res.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("got %v, %v", res, err)
	}
	_, _ = io.WriteString(conn, "hello\n")
	if line, err := in.ReadString('\n'); err != nil || line != "echo hello\n" {
		t.Errorf("got %q, %v", line, err)
	}
}

func TestAClientThatLeavesEndsTheCall(t *testing.T) {
	t.Parallel()
	began, ended := make(chan struct{}), make(chan struct{})
	front := setup(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(began)
		<-r.Context().Done()
		close(ended)
	}))
	ctx, leave := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, front.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		<-began
		leave()
	}()
	if res, err := http.DefaultClient.Do(r); err == nil {
		res.Body.Close()
		t.Error("it was answered")
	}
	select {
	case <-ended:
	case <-time.After(patience):
		t.Error("the function works on for nobody")
	}
}

func TestAReplicaThatRefusesIsToldApart(t *testing.T) {
	t.Parallel()
	client := watchdog.NewClient("unix", filepath.Join(t.TempDir(), "none"))
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	res, err := client.RoundTrip(r)
	if err == nil {
		res.Body.Close()
	}
	if !errors.Is(err, watchdog.ErrRefused) {
		t.Errorf("got %v", err)
	}
}

func TestReadiness(t *testing.T) {
	t.Parallel()
	none := map[string]string{}
	for _, c := range []struct {
		name        string
		annotations map[string]string
		env         map[string]string
		answers     []int // the last one again and again
		path        string
		ready       bool
	}{
		{"ok, a watchdog that is well", none, none, []int{200}, "/_/health", true},
		{"ok, one that needs a moment", none, none, []int{503, 500, 200}, "/_/health", true},
		{"ok, no watchdog", none, none, []int{404}, "/_/health", true},
		{"ok, a watchdog of another method", none, none, []int{405}, "/_/health", true},
		{"ok, a path of its own", map[string]string{"com.openfaas.ready.http.path": "/up"}, none, []int{204}, "/up", true},
		{"ok, the path of its life", map[string]string{"com.openfaas.health.http.path": "/live"}, none, []int{200}, "/live", true},
		{"ok, without a lock", none, map[string]string{"suppress_lock": "true"}, []int{503}, "/_/health", true},
		{"nok, 503 for good", none, none, []int{503}, "/_/health", false},
		{"nok, 500 without a lock", none, map[string]string{"suppress_lock": "true"}, []int{500}, "/_/health", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int64
			replica := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != c.path || r.Method != http.MethodGet {
					t.Errorf("asked %s %s", r.Method, r.URL.Path)
				}
				w.WriteHeader(c.answers[min(int(asked.Add(1)), len(c.answers))-1])
			}))
			t.Cleanup(replica.Close)
			probe := watchdog.ReadyProbe(c.annotations, c.env)
			probe.Period, probe.Grace = time.Millisecond, 20*time.Millisecond
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if !c.ready { // it is given up after a number of probes, not after a time
				probe.Timeout = patience
				go func() {
					for asked.Load() < 50 && ctx.Err() == nil {
						time.Sleep(time.Millisecond)
					}
					cancel()
				}()
			}
			err := watchdog.NewClient("tcp", replica.Listener.Addr().String()).AwaitReady(ctx, probe)
			if (err == nil) != c.ready {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestAnnotationsChangeProbes(t *testing.T) {
	t.Parallel()
	p := watchdog.LiveProbe(map[string]string{
		"com.openfaas.health.http.initialDelaySeconds": "0", "com.openfaas.health.http.periodSeconds": "7",
		"com.openfaas.health.http.timeoutSeconds": "x", "com.openfaas.health.http.failureThreshold": "0",
		"com.openfaas.health.http.path": "no path",
	})
	want := watchdog.Probe{Path: "/_/health", Period: 7 * time.Second, Timeout: time.Second, Successes: 1, Failures: 3}
	if p != want {
		t.Errorf("got %+v, want %+v", p, want)
	}
	if watchdog.Watches(nil) || !watchdog.Watches(map[string]string{"com.openfaas.health.http.path": "/x"}) {
		t.Error("a function without annotations is probed, or one with them is not")
	}
}
