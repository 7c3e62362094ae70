package apiserver_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/hearth-faas/hearth/apiserver"
	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/runtime/kinds"
	"github.com/hearth-faas/hearth/store"
	"github.com/hearth-faas/hearth/store/storetest"
)

// patience bounds every wait of these tests; nothing waits that long unless
// it is broken.
const patience = time.Minute

func newServer(t *testing.T, opt apiserver.Options) *apiserver.Server {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	plane := control.New(store.New(storetest.Redis(t)), nil, log, control.Options{})
	s, err := apiserver.New(plane, kinds.Default(), log, opt)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// start runs the server until stop is called or the test ends.
func start(t *testing.T, opt apiserver.Options) (url string, stop func()) {
	t.Helper()
	opt.Addr = "127.0.0.1:0"
	s := newServer(t, opt)
	if err := s.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
	})
	return "http://" + s.Addr().String(), cancel
}

func get(t *testing.T, h http.Handler, path string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	req := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, req)
	return rec
}

func TestNewRefusesACertificateWithoutItsKey(t *testing.T) {
	t.Parallel()
	_, err := apiserver.New(nil, kinds.Default(), slog.New(slog.DiscardHandler), apiserver.Options{CertFile: "cert.pem"})
	if err == nil {
		t.Error("a server without a key was made")
	}
}

func TestTransactionIDs(t *testing.T) {
	t.Parallel()
	s := newServer(t, apiserver.Options{})
	for _, tt := range []struct {
		name, sent string
		kept       bool
	}{
		{"the client's own is kept", "abc-123", true},
		{"one that claims to be the system's is replaced", "sid_loadbalancer", false},
		{"none is made up for", "", false},
		{"one with a control character is replaced", "a\tb", false},
		{"an endless one is replaced", strings.Repeat("x", 5000), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := get(t, s.Handler(), "/nowhere", echo.HeaderXRequestID, tt.sent)
			id := got.Header().Get(echo.HeaderXRequestID)
			if (id == tt.sent) != tt.kept {
				t.Errorf("sent %q, got %q", tt.sent, id)
			}
			if !tt.kept && len(id) != 32 {
				t.Errorf("got id %q, want 32 characters", id)
			}
			if want := `"code":"` + id + `"`; !strings.Contains(got.Body.String(), want) {
				t.Errorf("got body %s, want %s in it", got.Body, want)
			}
		})
	}
}

func TestReadinessFollowsWhatTheServerNeeds(t *testing.T) {
	t.Parallel()
	broken := errors.New("redis is away")
	var state error
	s := newServer(t, apiserver.Options{Ready: func(context.Context) error { return state }})
	for _, tt := range []struct {
		name  string
		state error
		want  int
	}{
		{"ready", nil, http.StatusOK},
		{"not ready", broken, http.StatusServiceUnavailable},
		{"ready again", nil, http.StatusOK},
	} {
		state = tt.state
		if got := get(t, s.Handler(), "/readyz").Code; got != tt.want {
			t.Errorf("%s: got %d, want %d", tt.name, got, tt.want)
		}
	}
	state = broken
	if got := get(t, s.Handler(), "/healthz").Code; got != http.StatusOK {
		t.Errorf("a live process says %d", got)
	}
}

func TestMetricsCountRequestsByRoute(t *testing.T) {
	t.Parallel()
	s := newServer(t, apiserver.Options{})
	get(t, s.Handler(), "/ping")
	got := get(t, s.Handler(), "/metrics").Body.String()
	want := `hearth_http_request_duration_seconds_count{code="200",method="GET",route="/ping"} 1`
	if !strings.Contains(got, want) {
		t.Errorf("got\n%s\nwant %s in it", got, want)
	}
}

func TestAPanicIsAnInternalErrorAndIsLogged(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	plane := control.New(nil, nil, slog.New(slog.DiscardHandler), control.Options{})
	s, err := apiserver.New(plane, kinds.Default(), slog.New(slog.NewTextHandler(&out, nil)), apiserver.Options{
		Mounts: []func(*echo.Echo){func(e *echo.Echo) {
			e.GET("/panic", func(echo.Context) error { panic("the secret of the stack") })
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := get(t, s.Handler(), "/panic")
	if got.Code != http.StatusInternalServerError || strings.Contains(got.Body.String(), "secret") {
		t.Errorf("got %d %s", got.Code, got.Body)
	}
	if n := strings.Count(out.String(), "the secret of the stack"); n != 1 {
		t.Errorf("the panic was logged %d times:\n%s", n, out.String())
	}
}

func TestABodyOverTheLimitIsRefusedUnread(t *testing.T) {
	t.Parallel()
	s := newServer(t, apiserver.Options{BodyLimit: 10, Mounts: []func(*echo.Echo){mountReader}})
	for _, tt := range []struct {
		name string
		body io.Reader
		want int
	}{
		{"ok, at the limit", strings.NewReader("0123456789"), http.StatusOK},
		{"nok, announced", strings.NewReader("0123456789a"), http.StatusRequestEntityTooLarge},
		{"nok, not announced", io.MultiReader(strings.NewReader("0123456789a")), http.StatusRequestEntityTooLarge},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			rec := httptest.NewRecorder()
			s.Handler().ServeHTTP(rec, httptest.NewRequest(http.MethodPost, "/read", tt.body))
			if rec.Code != tt.want {
				t.Errorf("got %d %s, want %d", rec.Code, rec.Body, tt.want)
			}
		})
	}
}

// mountReader adds a route that reads the whole body.
func mountReader(e *echo.Echo) {
	e.POST("/read", func(c echo.Context) error {
		if _, err := io.Copy(io.Discard, c.Request().Body); err != nil {
			return err
		}
		return c.NoContent(http.StatusOK)
	})
}

func TestAClientThatSendsItsBodyTooSlowlyIsCutOff(t *testing.T) {
	t.Parallel()
	url, _ := start(t, apiserver.Options{BodyTimeout: 50 * time.Millisecond, Mounts: []func(*echo.Echo){mountReader}})
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "POST /read HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nfew"); err != nil {
		t.Fatal(err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn) // returns only if the server hangs up
	if err != nil {
		t.Fatalf("the server still waits: %v", err)
	}
	if bytes.HasPrefix(answer, []byte("HTTP/1.1 2")) {
		t.Errorf("got %s", answer)
	}
}

func TestAReadBodyLiftsTheTimeLimit(t *testing.T) {
	t.Parallel()
	url, _ := start(t, apiserver.Options{BodyTimeout: 3 * time.Second, Mounts: []func(*echo.Echo){func(e *echo.Echo) {
		e.POST("/wait", func(c echo.Context) error {
			if _, err := io.ReadAll(c.Request().Body); err != nil {
				return err
			}
			select {
			case <-c.Request().Context().Done():
				return context.Cause(c.Request().Context())
			case <-time.After(3500 * time.Millisecond): // longer than the limit, on purpose
				return c.NoContent(http.StatusOK)
			}
		})
	}}})
	resp, err := http.Post(url+"/wait", "text/plain", strings.NewReader(strings.Repeat("x", 1<<16)))
	if err != nil {
		t.Fatalf("the call was cut off: %v", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("got %d", resp.StatusCode)
	}
}
