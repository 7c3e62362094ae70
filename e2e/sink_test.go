package e2e_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"

	"github.com/hearth-faas/hearth/e2e/platform"
)

// sink takes the side effects of testdata/report.js, by activation.
type sink struct {
	// URL reaches it from inside a container.
	URL string

	mu    sync.Mutex
	count map[string]int // by path: "/began/<id>" and "/done/<id>"
}

func newSink(t *testing.T) *sink {
	t.Helper()
	l, err := net.Listen("tcp4", "0.0.0.0:0")
	ok(t, err)
	s := &sink{count: map[string]int{}}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.count[r.URL.Path]++
	}))
	server.Listener = l
	server.Start()
	t.Cleanup(server.Close)
	port := l.Addr().(*net.TCPAddr).Port
	s.URL = "http://" + net.JoinHostPort(address(t), strconv.Itoa(port))
	return s
}

// done is how often an activation has done its work.
func (s *sink) done(id string) int { return s.of("/done/" + id) }

func (s *sink) of(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count[path]
}

// waitBegun waits until an activation is in the middle of its work.
func (s *sink) waitBegun(ctx context.Context, t *testing.T, id string) {
	t.Helper()
	ok(t, platform.Poll(ctx, func() error {
		if s.of("/began/"+id) == 0 {
			return fmt.Errorf("activation %s has not begun", id)
		}
		return nil
	}))
}

// address is one of this machine's that containers can reach.
func address(t *testing.T) string {
	t.Helper()
	all, err := net.InterfaceAddrs()
	ok(t, err)
	for _, a := range all {
		if n, isNet := a.(*net.IPNet); isNet && n.IP.To4() != nil && !n.IP.IsLoopback() {
			return n.IP.String()
		}
	}
	t.Fatal("this machine has no address but the loopback's")
	return ""
}
