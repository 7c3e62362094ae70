package e2e_test

import (
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/hearth-faas/hearth/e2e/platform"
)

// fleet is a platform of separate processes, without Docker, that are killed
// and started again.
type fleet struct {
	redis *platform.Redis
	auth  string
	trust string // file with the certificates that it trusts

	mu        sync.Mutex
	processes map[string]*platform.Process
	servers   map[string]*platform.Client // as they were started last
}

func newFleet(t *testing.T, trust string) *fleet {
	t.Helper()
	db := redis(t)
	return &fleet{
		redis: db, auth: createNamespace(t, db, "fleet"), trust: trust,
		processes: map[string]*platform.Process{}, servers: map[string]*platform.Client{},
	}
}

// server starts an API server of that name.
func (f *fleet) server(t *testing.T, name string) {
	t.Helper()
	p := f.start(t, name, "ready on http://", "apiserver", "--addr", "127.0.0.1:0", "--callback-allow", "127.0.0.0/8")
	c := &platform.Client{URL: listening.FindStringSubmatch(p.Output())[1], Auth: f.auth, HTTP: platform.HTTPClient()}
	ok(t, c.WaitReady(patient(t)))
	f.mu.Lock()
	defer f.mu.Unlock()
	f.servers[name] = c
}

// worker starts a worker of that name.
func (f *fleet) worker(t *testing.T, name string) {
	t.Helper()
	f.start(t, name, "hearth worker is ready",
		"worker", "--engine", "process", "--worker-id", name, "--memory", "1024", "--data", t.TempDir())
}

// triggers starts a process that turns events into activations, and calls back.
func (f *fleet) triggers(t *testing.T, name string) {
	t.Helper()
	f.start(t, name, "hearth triggers is ready", "triggers", "--callback-allow", "127.0.0.0/8", "--callback-timeout", "5s")
}

func (f *fleet) start(t *testing.T, name, ready string, args ...string) *platform.Process {
	t.Helper()
	const enough = "1000000" // how much is sent is not what is tested
	c := command(t, f.redis.URL())
	c.Env = append(c.Env, "SSL_CERT_FILE="+f.trust)
	c.Args = append(args, "--redis", f.redis.URL(), "--log-level", "warn",
		"--invocations-per-minute", enough, "--fires-per-minute", enough, "--concurrent-invocations", enough)
	p := launch(t, c)
	ok(t, p.WaitFor(patient(t), ready))
	f.mu.Lock()
	defer f.mu.Unlock()
	f.processes[name] = p
	return p
}

// kill ends a process as a machine would that loses its power.
func (f *fleet) kill(t *testing.T, name string) {
	t.Helper()
	f.mu.Lock()
	p := f.processes[name]
	f.mu.Unlock()
	ok(t, p.Kill())
}

// any is one of the API servers, which may be dead.
func (f *fleet) any() *platform.Client {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := rand.IntN(len(f.servers))
	for _, c := range f.servers {
		if n--; n < 0 {
			return c
		}
	}
	return nil
}
