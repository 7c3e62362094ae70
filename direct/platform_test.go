package direct_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/client"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/hearth-faas/hearth/callback"
	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/direct"
	"github.com/hearth-faas/hearth/queue"
	"github.com/hearth-faas/hearth/runtime/kinds"
	"github.com/hearth-faas/hearth/store"
	"github.com/hearth-faas/hearth/store/storetest"
	"github.com/hearth-faas/hearth/worker"
	"github.com/hearth-faas/hearth/worker/engine"
	"github.com/hearth-faas/hearth/worker/engine/docker"
	"github.com/hearth-faas/hearth/worker/pool"
)

// patience is how long a test waits for what must happen.
const patience = 90 * time.Second

// The images of functions: a server, and the project's own watchdog in both
// of its modes.
const (
	imageServer = "hearth-test/function-server:1"
	imageFork   = "hearth-test/function-fork:1"
	imageHTTP   = "hearth-test/function-http:1"
)

var images = sync.OnceValue(makeImages) //nolint:gochecknoglobals // the tests of a binary share images

func makeImages() error {
	dir, err := os.MkdirTemp("", "hearth-function-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var layer bytes.Buffer
	w := tar.NewWriter(&layer)
	// A watchdog writes its lock file there.
	if err := w.WriteHeader(&tar.Header{Name: "tmp/", Typeflag: tar.TypeDir, Mode: 0o1777}); err != nil {
		return err
	}
	for name, source := range map[string]string{"function": "./testdata/function", "proxy": "../runtime/proxy"} {
		path := filepath.Join(dir, name)
		build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", path, source)
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("build %s: %w\n%s", source, err, out)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(text))}); err != nil {
			return err
		}
		if _, err := w.Write(text); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	daemon, err := client.NewClientWithOpts(client.FromEnv, client.WithAPIVersionNegotiation())
	if err != nil {
		return err
	}
	defer daemon.Close()
	for name, changes := range map[string][]string{
		imageServer: {`ENTRYPOINT ["/function"]`},
		imageFork:   {`ENTRYPOINT ["/proxy"]`, "ENV HEARTH_MODE=fork"},
		imageHTTP:   {`ENTRYPOINT ["/proxy"]`, "ENV HEARTH_MODE=http", "ENV http_upstream_url=http://127.0.0.1:9000", "ENV LISTEN=9000"},
	} {
		repository, tag, _ := strings.Cut(name, ":")
		progress, err := daemon.ImageImport(context.Background(), image.ImportSource{Source: bytes.NewReader(layer.Bytes()), SourceName: "-"},
			repository, image.ImportOptions{Tag: tag, Changes: changes})
		if err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, progress); err != nil {
			return err
		}
		if err := progress.Close(); err != nil {
			return err
		}
	}
	return nil
}

// platform is one worker and one gateway on Docker and Redis.
type platform struct {
	t      *testing.T
	db     *store.DB
	plane  *control.Plane
	owner  core.Subject
	router *direct.Router
	url    string
	engine *docker.Docker
	worker *worker.Worker
	// annotations of what is deployed.
	annotations map[string]string
	metrics     *prometheus.Registry
}

// settings of a platform.
type settings struct {
	router direct.Options
	// gateway's Namespace is guest.
	gateway direct.GatewayOptions
	scale   control.AutoscaleOptions // nothing scales without
	// hop has the gateway reach the worker through its ingress.
	hop bool
}

func setup(t *testing.T, s settings) *platform {
	t.Helper()
	must(t, images())
	rdb := storetest.Redis(t)
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	p := &platform{t: t, db: store.New(rdb), metrics: prometheus.NewRegistry()}
	p.plane = control.New(p.db, queue.NewClient(rdb), log, control.Options{Server: "test"})
	ctx, stop := context.WithCancel(context.Background())
	var work sync.WaitGroup
	run := func(what string, f func(context.Context) error) {
		work.Go(func() {
			if err := f(ctx); err != nil {
				t.Errorf("%s: %v", what, err)
			}
		})
	}
	name := strings.ToLower(strings.NewReplacer("/", "-", "_", "-").Replace(t.Name()))
	eng, err := docker.New(ctx, docker.Options{
		Deployment: "hearth-direct-" + fmt.Sprint(os.Getpid()) + "-" + name, Worker: "w", Boot: "b", Dir: shortDir(t), Sandboxes: -1, Logger: log,
	})
	must(t, err)
	p.engine = eng
	var inside http.Handler // no mux: it would tidy paths up
	ingress := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { inside.ServeHTTP(w, r) }))
	p.router = direct.NewRouter(p.plane, log, s.router)
	tally, err := direct.NewTally(p.plane, log, "guest", p.metrics)
	must(t, err)
	p.worker, err = worker.New(worker.Deps{
		Plane: p.plane, DB: p.db, Engine: eng, Kinds: kinds.Default(), Log: log, Function: tally.Counted(p.router.Serve),
		Serve: func(ctx context.Context, opt queue.Options, h queue.Handler) error {
			return queue.NewServer(rdb, log, opt).Run(ctx, h)
		},
	}, worker.Options{
		ID: "w", Boot: "b", Functions: true, Ingress: ingress.URL, IngressKey: "key", Drain: time.Second,
		Pool: pool.Options{Memory: 1024, Stock: []pool.Stock{}},
	})
	must(t, err)
	inside = direct.Ingress(p.worker.Replicas(), "key")
	if !s.hop {
		p.router.SetLocal(p.worker.Token(), p.worker.Replicas())
	}
	s.gateway.Namespace = "guest"
	gateway := direct.NewGateway(p.router, tally, log, s.gateway)
	server := httptest.NewServer(gateway)
	p.url = server.URL
	_, err = p.db.CreateNamespace(ctx, "guest")
	must(t, err)
	p.owner = core.Subject{Name: "guest", Namespace: core.Namespace{Name: "guest"}}
	run("plane", p.plane.Run)
	run("engine", eng.Run)
	run("worker", p.worker.Run)
	run("gateway", gateway.Run)
	run("tally", tally.Run)
	run("reconciler", p.plane.Reconciler("test").Run)
	run("callbacks", callback.New(p.plane, p.db, log, callback.Options{Policy: callback.NewPolicy([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")})}).Run)
	if s.scale != (control.AutoscaleOptions{}) {
		run("autoscaler", p.plane.Autoscaler("test", s.scale).Run)
	}
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
		ingress.CloseClientConnections()
		ingress.Close()
		stop()
		work.Wait()
		must(t, eng.Close())
	})
	return p
}

// shortDir is a folder whose path leaves room for the names of sockets.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "hd")
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// deploy makes a function, or replaces it.
func (p *platform) deploy(name, image string, labels, env map[string]string) {
	p.t.Helper()
	d := control.Deployment{
		Image: image, Limits: core.Limits{Timeout: time.Minute, Memory: 64, Logs: 10, Concurrency: 1},
		Function: core.Function{Namespace: "openfaas-fn", Labels: labels, EnvVars: env, Annotations: p.annotations},
	}
	if names, err := p.plane.SecretNames(p.t.Context(), p.owner); err == nil && len(names) > 0 {
		d.Function.Secrets, d.Function.ReadOnlyRoot = names, true
	}
	full := core.Name{Namespace: "guest", Name: name}
	_, err := p.plane.UpdateFunction(p.t.Context(), p.owner, full, d)
	if core.KindOf(err) == core.KindNotFound {
		_, err = p.plane.CreateFunction(p.t.Context(), p.owner, full, d)
	}
	must(p.t, err)
}

func (p *platform) scale(name string, replicas int) {
	p.t.Helper()
	must(p.t, p.plane.ScaleFunction(p.t.Context(), p.owner, core.Name{Namespace: "guest", Name: name}, replicas))
}

// available is how many replicas take calls.
func (p *platform) available(name string) int {
	p.t.Helper()
	f, err := p.plane.Fleet().Find(p.t.Context(), core.Name{Namespace: "guest", Name: name})
	must(p.t, err)
	return f.Available()
}

// await waits until so many replicas take calls.
func (p *platform) await(name string, replicas int) {
	p.t.Helper()
	p.until(fmt.Sprintf("%d replicas of %s", replicas, name), func() bool { return p.available(name) == replicas })
}

func (p *platform) until(what string, done func() bool) {
	p.t.Helper()
	for end := time.Now().Add(patience); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			p.t.Fatalf("waited in vain for %s", what)
		}
	}
}

// answer is what a call came to.
type answer struct {
	status int
	header http.Header
	body   string
}

func (p *platform) call(method, path string, body io.Reader) (answer, error) {
	return p.send(method, path, body, nil)
}

// send is call with headers; those without a value are not sent.
func (p *platform) send(method, path string, body io.Reader, header map[string]string) (answer, error) {
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, p.url+path, body)
	if err != nil {
		return answer{}, err
	}
	for name, value := range header {
		if value != "" {
			r.Header.Set(name, value)
		}
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return answer{}, err
	}
	text, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, string(text)}, errors.Join(err, res.Body.Close())
}

// get calls and expects an answer.
func (p *platform) get(path string) answer {
	p.t.Helper()
	a, err := p.call(http.MethodGet, path, nil)
	must(p.t, err)
	return a
}

// containers are those of the platform's engine.
func (p *platform) containers() []engine.Listed {
	p.t.Helper()
	list, err := p.engine.List(p.t.Context())
	must(p.t, err)
	return list
}
