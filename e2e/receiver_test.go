package e2e_test

import (
	"context"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/hearth-faas/hearth/e2e/platform"
)

// receiver takes callbacks over TLS, on one address over restarts, with a
// certificate that nobody knows.
type receiver struct {
	address string
	server  *httptest.Server

	mu  sync.Mutex
	got map[string]map[string]int // activation -> id of the callback -> times
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{address: "127.0.0.1:0", got: map[string]map[string]int{}}
	ok(t, r.start(t.Context()))
	t.Cleanup(func() { r.server.Close() })
	return r
}

// start takes the address that it had before, which somebody else may hold for
// a moment.
func (r *receiver) start(ctx context.Context) error {
	return platform.Poll(ctx, func() error {
		l, err := net.Listen("tcp4", r.address)
		if err != nil {
			return fmt.Errorf("listen again: %w", err)
		}
		r.address = l.Addr().String()
		r.server = httptest.NewUnstartedServer(http.HandlerFunc(r.take))
		r.server.Listener = l
		r.server.StartTLS()
		return nil
	})
}

// certificate writes the certificate into a file.
func (r *receiver) certificate(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ca.pem")
	block := &pem.Block{Type: "CERTIFICATE", Bytes: r.server.Certificate().Raw}
	ok(t, os.WriteFile(path, pem.EncodeToMemory(block), 0o600))
	return path
}

func (r *receiver) stop() { r.server.Close() }

func (r *receiver) take(_ http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	call := req.Header.Get("X-Call-Id")
	if r.got[call] == nil {
		r.got[call] = map[string]int{}
	}
	r.got[call][req.Header.Get("Webhook-Id")]++
}

// told says whether the receiver knows of the end of an activation, and always
// by the same id.
func (r *receiver) told(activation string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if ids := r.got[activation]; len(ids) != 1 || ids[activation+"-end"] == 0 {
		return fmt.Errorf("callbacks of %s: %v, want some of %s-end", activation, ids, activation)
	}
	return nil
}
