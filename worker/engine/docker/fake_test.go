package docker_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/hearth-faas/hearth/worker/engine/docker"
)

// daemon is a Docker daemon made of answers, for what a real one does only
// when it is broken, old or new. Requests without an answer get 404.
type daemon struct {
	*httptest.Server
	api     string
	release chan struct{} // closed at the end of the test: lets hang go on

	mu      sync.Mutex
	answers map[string]http.HandlerFunc // by method and path without version
	seen    []string
	silent  bool // answers nothing, not even a ping
	abrupt  bool // breaks every connection
}

var versionPrefix = regexp.MustCompile(`^/v[0-9.]+`)

func newDaemon(t *testing.T, api string) *daemon {
	t.Helper()
	f := &daemon{api: api, release: make(chan struct{}), answers: map[string]http.HandlerFunc{}}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	t.Cleanup(func() { close(f.release) })
	f.on("GET /info", reply(http.StatusOK, map[string]any{"CgroupVersion": "2", "CgroupDriver": "none", "Architecture": "riscv64"}))
	f.on("GET /version", reply(http.StatusOK, map[string]any{"Version": "99.0", "ApiVersion": api}))
	f.on("GET /networks", reply(http.StatusOK, []any{
		map[string]any{"Name": docker.DefaultNetwork, "Id": "net", "Driver": "bridge"},
	}))
	return f
}

func (f *daemon) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	what := r.Method + " " + versionPrefix.ReplaceAllString(r.URL.Path, "")
	f.mu.Lock()
	silent, abrupt, answer := f.silent, f.abrupt, f.answers[what]
	f.seen = append(f.seen, r.Method+" "+r.URL.Path)
	f.mu.Unlock()
	switch {
	case silent:
		f.hang(w, r)
	case abrupt:
		panic(http.ErrAbortHandler)
	case strings.HasSuffix(what, " /_ping"):
		w.Header().Set("Api-Version", f.api)
	case answer != nil:
		answer(w, r)
	default:
		reply(http.StatusNotFound, map[string]string{"message": "no such thing: " + what})(w, r)
	}
}

// hang never answers.
func (f *daemon) hang(_ http.ResponseWriter, r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-f.release:
	}
}

func (f *daemon) on(what string, answer http.HandlerFunc) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answers[what] = answer
}

func (f *daemon) silence(silent bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.silent = silent
}

func (f *daemon) breakOff(abrupt bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.abrupt = abrupt
}

// count is how many requests there were whose method and path contain part.
func (f *daemon) count(part string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, seen := range f.seen {
		if strings.Contains(seen, part) {
			n++
		}
	}
	return n
}

// host is the address for Options.
func (f *daemon) host() string { return "tcp://" + f.Listener.Addr().String() }

// options connect to the fake daemon, without sandboxes.
func (f *daemon) options(t *testing.T) docker.Options {
	t.Helper()
	dir, err := os.MkdirTemp("", "hearth")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return docker.Options{Deployment: "d", Worker: "w", Boot: "b", Host: f.host(), Dir: dir, Sandboxes: -1}
}

// engine connects to the fake daemon; Run is left to the test.
func (f *daemon) engine(t *testing.T) *docker.Docker {
	t.Helper()
	d, err := docker.New(t.Context(), f.options(t))
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return d
}

func reply(status int, body any) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(body)
	}
}
