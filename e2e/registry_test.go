package e2e_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"github.com/hearth-faas/hearth/e2e/platform"
)

const (
	registryUser     = "puller"
	registryPassword = "let me: in"
)

// registry is a private registry of images that wants a login.
type registry struct {
	// host is its name in those of images.
	host string
	// config is the path of a config.json with the login.
	config string

	mu    sync.Mutex
	gates map[string]*gate // by the name of the image
}

// gate stands before an image of the registry.
type gate struct {
	asked chan struct{} // closed at the first request
	once  sync.Once
	open  chan struct{} // requests wait until it is closed
	gone  bool          // then they are refused
	// release opens it, however often it is called.
	release func()
}

func newRegistry(t *testing.T) *registry {
	t.Helper()
	dir := t.TempDir()
	hash, err := bcrypt.GenerateFromPassword([]byte(registryPassword), bcrypt.MinCost)
	ok(t, err)
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		ok(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	logins := write("htpasswd", registryUser+":"+string(hash)+"\n")
	settings := write("registry.yml", fmt.Sprintf(`version: 0.1
http: {addr: "127.0.0.1:0"}
storage: {filesystem: {rootdirectory: %q}}
auth: {htpasswd: {realm: test, path: %q}}
`, filepath.Join(dir, "images"), logins))
	p, err := platform.Start(platform.Command{Path: "docker-registry", Args: []string{"serve", settings}, Dir: dir})
	ok(t, err)
	t.Cleanup(func() { _ = p.Kill() })
	ok(t, p.WaitFor(patient(t), `listening on 127.0.0.1:`))
	backend := regexp.MustCompile(`listening on (127\.0\.0\.1:\d+)`).FindStringSubmatch(p.Output())
	if backend == nil {
		t.Fatalf("no address in:\n%s", p.Output())
	}
	r := &registry{gates: map[string]*gate{}}
	r.host = r.front(t, backend[1])
	auth := base64.StdEncoding.EncodeToString([]byte(registryUser + ":" + registryPassword))
	r.config = write("config.json", fmt.Sprintf(`{"auths": {%q: {"auth": %q}}}`, r.host, auth))
	return r
}

// front puts a server with the gates before the registry, and returns its
// address.
func (r *registry) front(t *testing.T, backend string) string {
	t.Helper()
	behind := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: backend})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if g := r.before(req.URL.Path); g != nil {
			g.once.Do(func() { close(g.asked) })
			select {
			case <-g.open:
			case <-req.Context().Done():
				return
			}
			if g.gone {
				http.Error(w, "gone", http.StatusServiceUnavailable)
				return
			}
		}
		behind.ServeHTTP(w, req)
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

func (r *registry) before(path string) *gate {
	r.mu.Lock()
	defer r.mu.Unlock()
	for name, g := range r.gates {
		if strings.HasPrefix(path, "/v2/"+name+"/") {
			return g
		}
	}
	return nil
}

// close shuts a gate before an image. Whoever asks for it waits.
func (r *registry) close(t *testing.T, name string) *gate {
	t.Helper()
	g := r.gate(name, false)
	t.Cleanup(g.release)
	return g
}

// lose has the registry refuse an image.
func (r *registry) lose(name string) { r.gate(name, true).release() }

func (r *registry) gate(name string, gone bool) *gate {
	g := &gate{asked: make(chan struct{}), open: make(chan struct{}), gone: gone}
	g.release = sync.OnceFunc(func() { close(g.open) })
	r.mu.Lock()
	defer r.mu.Unlock()
	r.gates[name] = g
	return g
}
