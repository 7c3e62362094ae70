package load_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/hearth-faas/hearth/bench/load"
)

func serve(t *testing.T, network, address string, h http.HandlerFunc) (*httptest.Server, *atomic.Int64) {
	t.Helper()
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	conns := &atomic.Int64{}
	s := httptest.NewUnstartedServer(h)
	s.Listener = l
	s.Config.ConnState = func(_ net.Conn, st http.ConnState) {
		if st == http.StateNew {
			conns.Add(1)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	return s, conns
}

func echo(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	fmt.Fprintf(w, "%s %s %s %s %s", r.Method, r.URL, r.Header.Get("Authorization"), r.Header.Get("Content-Type"), body)
}

func TestClientPostsOverOneKeptConnection(t *testing.T) {
	t.Parallel()
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			t.Parallel()
			address := "127.0.0.1:0"
			if network == "unix" {
				address = filepath.Join(t.TempDir(), "s")
			}
			s, conns := serve(t, network, address, echo)
			c := load.NewClient(load.Target{
				Network: network, Address: s.Listener.Addr().String(),
				Path: "/run?a=1", Authorization: "Basic x", Body: []byte(`{"n":1}`),
			})
			defer c.Close()
			for range 3 {
				var got string
				if err := c.Exchange(func(b []byte) error { got = string(b); return nil }); err != nil {
					t.Fatal(err)
				}
				if want := `POST /run?a=1 Basic x application/json {"n":1}`; got != want {
					t.Errorf("server saw %q, want %q", got, want)
				}
			}
			if conns.Load() != 1 {
				t.Errorf("%d connections, want 1", conns.Load())
			}
		})
	}
}

func TestClientTellsOfAnotherStatus(t *testing.T) {
	t.Parallel()
	s, _ := serve(t, "tcp", "127.0.0.1:0", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "no room", http.StatusServiceUnavailable)
	})
	c := load.NewClient(load.Target{Network: "tcp", Address: s.Listener.Addr().String(), Path: "/", Status: 202})
	err := c.Post()
	if err == nil || !strings.Contains(err.Error(), "503: no room") {
		t.Errorf("error %v, want one that says 503 and no room", err)
	}
}

func TestClientTellsOfNoServer(t *testing.T) {
	t.Parallel()
	c := load.NewClient(load.Target{Network: "unix", Address: filepath.Join(t.TempDir(), "none"), Path: "/"})
	if err := c.Post(); err == nil {
		t.Error("no error")
	}
}
