package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/docker/docker/client"

	"github.com/hearth-faas/hearth/bench/load"
	"github.com/hearth-faas/hearth/bench/report"
	"github.com/hearth-faas/hearth/e2e/platform"
)

// stand is a platform to be measured: one process, its Redis, and Docker.
type stand struct {
	dir        string
	redis      *platform.Redis
	hearth     *platform.Hearth
	docker     *client.Client
	deployment string
	actions    map[string]platform.Action // by language
	fresh      int                        // number of the last new name
}

// newStand builds and starts everything. Limits of rate are out of the way.
func newStand(ctx context.Context, progress io.Writer) (*stand, error) {
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return nil, fmt.Errorf("make folder: %w", err)
	}
	s := &stand{dir: dir, deployment: "bench-" + strconv.Itoa(os.Getpid())}
	if err := s.start(ctx, progress); err != nil {
		s.close(ctx)
		return nil, err
	}
	return s, nil
}

func (s *stand) start(ctx context.Context, progress io.Writer) error {
	fmt.Fprintf(progress, "%-14s ", "start")
	begin := time.Now()
	program, err := platform.Build(ctx, s.dir, false)
	if err != nil {
		return err
	}
	if s.actions, err = echoActions(ctx, s.dir); err != nil {
		return err
	}
	if s.docker, err = client.NewClientWithOpts(client.FromEnv, client.WithAPIVersionNegotiation()); err != nil {
		return fmt.Errorf("reach docker: %w", err)
	}
	redisDir := filepath.Join(s.dir, "redis")
	if err := os.Mkdir(redisDir, 0o700); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	if s.redis, err = platform.NewRedis(ctx, redisDir); err != nil {
		return err
	}
	s.hearth, err = platform.Up(ctx, program, platform.Command{Dir: s.dir}, filepath.Join(s.dir, "data"),
		"--redis", s.redis.URL(), "--engine", "docker", "--deployment", s.deployment, "--log-level", "warn",
		"--invocations-per-minute", "100000000", "--fires-per-minute", "100000000", "--concurrent-invocations", "1000000",
		"--pause-grace", "5m", "--pprof", "127.0.0.1:6399")
	fmt.Fprintf(progress, "%.1f s\n", time.Since(begin).Seconds())
	return err
}

// close ends and removes all of it, as far as it is there.
func (s *stand) close(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	if s.hearth != nil {
		_, _ = s.hearth.Stop(ctx)
	}
	if s.docker != nil {
		_ = s.removeContainers(ctx)
		_ = s.docker.Close()
	}
	if s.redis != nil {
		_ = s.redis.Stop(ctx)
	}
	_ = os.RemoveAll(s.dir)
}

// echoActions are actions that answer with what they were given.
func echoActions(ctx context.Context, dir string) (map[string]platform.Action, error) {
	path := filepath.Join(dir, "echo")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, "./bench/testdata/echo")
	cmd.Dir = platform.Root()
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build echo: %w\n%s", err, out)
	}
	binary, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read echo: %w", err)
	}
	return map[string]platform.Action{
		"go":     {Kind: "go:default", Code: base64.StdEncoding.EncodeToString(binary)},
		"nodejs": {Kind: "nodejs:default", Code: "function main (args) { return args }"},
	}, nil
}

// name returns a name that was not used before.
func (s *stand) name(prefix string) string {
	s.fresh++
	return prefix + "-" + strconv.Itoa(s.fresh)
}

// deploy makes an action of that language under a new name.
func (s *stand) deploy(ctx context.Context, language string, memory int) (string, error) {
	name := s.name(language)
	a := s.actions[language]
	a.Limits = map[string]any{"memory": memory}
	return name, s.hearth.PutAction(ctx, name, a)
}

// payload is what actions are called with.
const payload = `{"greeting":"hello","number":42}`

// post is a client that posts to the platform's API, below the namespace.
func (s *stand) post(path string, status int) (*load.Client, error) {
	u, err := url.Parse(s.hearth.URL)
	if err != nil {
		return nil, fmt.Errorf("parse address of the platform: %w", err)
	}
	return load.NewClient(load.Target{
		Network: "tcp", Address: u.Host,
		Path:          "/api/v1/namespaces/_/" + path,
		Authorization: "Basic " + base64.StdEncoding.EncodeToString([]byte(s.hearth.Auth)),
		Body:          []byte(payload), Status: status,
	}), nil
}

// machine says what this is measured on; what cannot be found out is "?".
func (s *stand) machine(ctx context.Context) report.Machine {
	m := report.Machine{CPU: "?", Cores: runtime.NumCPU(), Kernel: "?", Docker: "?", Redis: "?", Go: runtime.Version()}
	if f, err := os.Open("/proc/cpuinfo"); err == nil {
		m.CPU = field(f, "model name", ":", m.CPU)
		_ = f.Close()
	}
	if b, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		m.Kernel = strings.TrimSpace(string(b))
	}
	if v, err := s.docker.ServerVersion(ctx); err == nil {
		m.Docker = v.Version
	}
	if info, err := s.redis.DB.Info(ctx, "server").Result(); err == nil {
		m.Redis = field(strings.NewReader(info), "redis_version", ":", m.Redis)
	}
	return m
}

// field finds the value of a line "key<sep>value".
func field(r io.Reader, key, sep, missing string) string {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		if k, v, ok := strings.Cut(lines.Text(), sep); ok && strings.TrimSpace(k) == key {
			return strings.TrimSpace(v)
		}
	}
	return missing
}
