package whisk_test

import (
	"context"
	"encoding/json"
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

	"github.com/google/go-cmp/cmp"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/worker/protocol/whisk"
)

// serve runs a container's HTTP side on a unix socket and returns a client.
func serve(t *testing.T, h http.HandlerFunc, set ...func(*http.Server)) (*whisk.Client, *httptest.Server) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewUnstartedServer(h)
	srv.Listener.Close()
	srv.Listener = l
	for _, f := range set {
		f(srv.Config)
	}
	srv.Start()
	t.Cleanup(srv.Close)
	c := whisk.NewClient("unix", path, nil)
	t.Cleanup(c.Close)
	return c, srv
}

func call() whisk.Call {
	return whisk.Call{
		Activation: &core.Activation{
			Ref:     core.Ref{Namespace: "guest", ID: "0123456789abcdef0123456789abcdef"},
			Action:  core.Name{Namespace: "lib", Package: "pk", Name: "hi"},
			Version: core.Version{Patch: 3}, TransactionID: `t"é`,
			Input: core.JSON(`{"a": 1}`),
			Env: core.Params{
				{Key: "S", Value: core.JSON(`"text"`), Init: true}, {Key: "N", Value: core.JSON(`1.50`), Init: true},
				{Key: "O", Value: core.JSON(`{ "k": [1, 2] }`), Init: true}, {Key: "B", Value: core.JSON(`true`), Init: true},
				{Key: "Z", Value: core.JSON(`null`), Init: true},
			},
		},
		Deadline: time.UnixMilli(1_700_000_000_000),
	}
}

func TestRequests(t *testing.T) {
	t.Parallel()
	withKey := call()
	withKey.Activation.APIKey = "u:k"
	empty := call()
	empty.Activation.Input, empty.Activation.Env = nil, nil
	env := `"N":"1.50","B":"true","O":"{\"k\":[1,2]}","S":"text","Z":"",`
	ow := `"__OW_ACTION_NAME":"/lib/pk/hi","__OW_ACTION_VERSION":"0.0.3","__OW_ACTIVATION_ID":"0123456789abcdef0123456789abcdef",
		"__OW_DEADLINE":"1700000000000","__OW_NAMESPACE":"guest","__OW_TRANSACTION_ID":"t\"é"`
	run := `"action_name":"/lib/pk/hi","action_version":"0.0.3","activation_id":"0123456789abcdef0123456789abcdef",
		"deadline":"1700000000000","namespace":"guest","transaction_id":"t\"é"`
	for name, tt := range map[string]struct {
		send func(context.Context, *whisk.Client) error
		path string
		want string
	}{
		"init with code": {func(ctx context.Context, c *whisk.Client) error {
			_, err := c.Init(ctx, call(), core.Exec{Code: []byte("a<b"), Main: "go"})
			return err
		}, "/init", `{"value":{"name":"hi","main":"go","code":"a<b","binary":false,"env":{` + env + ow + `}}}`},
		"init of an image without code, with a key": {func(ctx context.Context, c *whisk.Client) error {
			_, err := c.Init(ctx, withKey, core.Exec{})
			return err
		}, "/init", `{"value":{"name":"hi","main":"main","binary":false,"env":{"__OW_API_KEY":"u:k",` + env + ow + `}}}`},
		"run": {func(ctx context.Context, c *whisk.Client) error {
			_, err := c.Run(ctx, call())
			return err
		}, "/run", `{"value":{"a": 1},` + run + `}`},
		"run with a key, without input": {func(ctx context.Context, c *whisk.Client) error {
			empty.Activation.APIKey = "u:k"
			_, err := c.Run(ctx, empty)
			return err
		}, "/run", `{"value":{},"api_key":"u:k",` + run + `}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var path, kind string
			var got any
			c, _ := serve(t, func(_ http.ResponseWriter, r *http.Request) {
				path, kind = r.URL.Path, r.Header.Get("Content-Type")
				if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
					t.Errorf("body: %v", err)
				}
			})
			if err := tt.send(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			var want any
			if err := json.Unmarshal([]byte(tt.want), &want); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" || path != tt.path || kind != "application/json" {
				t.Errorf("%s %s (-want +got):\n%s", path, kind, diff)
			}
		})
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	big := strings.Repeat("x", core.MaxResult)
	for name, tt := range map[string]struct {
		answer http.HandlerFunc
		want   whisk.Answer
	}{
		"a short one": {func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok") },
			whisk.Answer{Status: 200, Body: []byte("ok"), Length: 2}},
		"another status": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(502) },
			whisk.Answer{Status: 502, Body: []byte{}}},
		"one of just the greatest length": {func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, big) },
			whisk.Answer{Status: 200, Body: []byte(big), Length: core.MaxResult}},
		"one too long, of known length": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1048580")
			io.WriteString(w, big+"tail")
		}, whisk.Answer{Status: 200, Body: []byte(big), Length: core.MaxResult + 4}},
		"one too long, in chunks": {func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, big)
			w.(http.Flusher).Flush()
			io.WriteString(w, "tail")
		}, whisk.Answer{Status: 200, Body: []byte(big), Length: core.MaxResult + 4}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _ := serve(t, tt.answer)
			for range 2 { // the connection is left in order
				got, err := c.Run(t.Context(), call())
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("answer (-want +got):\n%.300s", diff)
				}
			}
		})
	}
}

func TestConnectionsAreKept(t *testing.T) {
	t.Parallel()
	var opened atomic.Int32
	c, srv := serve(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "{}") }, func(s *http.Server) {
		s.ConnState = func(_ net.Conn, s http.ConnState) {
			if s == http.StateNew {
				opened.Add(1)
			}
		}
	})
	run := func() {
		t.Helper()
		if _, err := c.Run(t.Context(), call()); err != nil {
			t.Fatal(err)
		}
	}
	for range 5 {
		run()
	}
	if n := opened.Load(); n > 5 {
		t.Errorf("%d connections for 5 calls", n)
	}
	srv.CloseClientConnections()
	run() // the closed connection is noticed, not used
	c.Reset()
	run()
}

func TestFailuresAreToldApart(t *testing.T) {
	t.Parallel()
	gone := whisk.NewClient("unix", filepath.Join(t.TempDir(), "none"), nil)
	if _, err := gone.Run(t.Context(), call()); !errors.Is(err, whisk.ErrRefused) {
		t.Errorf("nobody listens: got %v, want refused", err)
	}
	hijack := func(say string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			nc, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			io.WriteString(nc, say)
			nc.Close()
		}
	}
	for name, say := range map[string]string{
		"closed without an answer": "",
		"closed within the answer": "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{",
		"closed within a chunk":    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{",
		"no HTTP":                  "SSH-2.0\r\n",
	} {
		c, _ := serve(t, hijack(say))
		if _, err := c.Run(t.Context(), call()); !errors.Is(err, whisk.ErrBroken) {
			t.Errorf("%s: got %v, want broken", name, err)
		}
	}
	release := make(chan struct{})
	c, _ := serve(t, func(http.ResponseWriter, *http.Request) { <-release })
	t.Cleanup(func() { close(release) })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := c.Run(ctx, call()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("too slow: got %v, want the deadline", err)
	}
	cause := errors.New("cancelled by its caller")
	ctx2, cancel2 := context.WithCancelCause(t.Context())
	time.AfterFunc(50*time.Millisecond, func() { cancel2(cause) })
	if _, err := c.Run(ctx2, call()); !errors.Is(err, cause) {
		t.Errorf("cancelled: got %v, want the cause", err)
	}
}

func TestInitWaitsForTheContainerToListen(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s")
	c := whisk.NewClient("unix", path, nil)
	defer c.Close()
	got := make(chan error, 1)
	go func() {
		_, err := c.Init(t.Context(), call(), core.Exec{})
		got <- err
	}()
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})}
	go srv.Serve(l)
	defer srv.Close()
	if err := <-got; err != nil {
		t.Errorf("init: %v", err)
	}
}

// One that the engine calls ready and that refuses connections is given time,
// unless its output says that it has ended.
func TestInitDoesNotWaitForAContainerThatHasEnded(t *testing.T) {
	t.Parallel()
	ended := make(chan struct{})
	close(ended)
	c := whisk.NewClient("unix", filepath.Join(t.TempDir(), "none"), ended)
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second) // it would be given 5
	defer cancel()
	if _, err := c.Init(ctx, call(), core.Exec{}); !errors.Is(err, whisk.ErrRefused) {
		t.Errorf("got %v, want refused", err)
	}
}
