package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hearth-faas/hearth/store/storetest"
)

// patient bounds every wait: a busy machine takes its time.
const patient = 2 * time.Minute

// proxy builds the program that runs actions, once for all tests.
var proxy = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "hearth-proxy-")
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, proxyName)
	out, err := exec.Command("go", "build", "-o", name, "../../runtime/proxy").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build the proxy: %w\n%s", err, out)
	}
	return name, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if name, err := proxy(); err == nil {
		_ = os.RemoveAll(filepath.Dir(name))
	}
	os.Exit(code)
}

// served is a command of the program that serves.
type served struct {
	t    *testing.T
	stop context.CancelFunc
	done chan int // gets the exit code
	url  string   // after "ready on", if it has one
}

// serve starts the program and returns once it has said that it is ready.
func serve(t *testing.T, env []string, args ...string) *served {
	t.Helper()
	built, err := proxy()
	if err != nil {
		t.Fatal(err)
	}
	env = append(env, "PATH="+os.Getenv("PATH"), "HOME="+t.TempDir(), "HEARTH_LOG_LEVEL=warn", "HEARTH_ENGINE=process", "HEARTH_PROXY="+built, "HEARTH_DRAIN=5s", "HEARTH_WORKER_DRAIN=20s")
	// Not the test's own context: that ends before the cleanups.
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	read, write := io.Pipe()
	p := &served{t: t, stop: cancel, done: make(chan int, 1)}
	prog := &program{env: readEnvironment(env), stdin: strings.NewReader(""), stdout: write, stderr: t.Output()}
	go func() {
		code := prog.run(ctx, args)
		_ = write.Close() // it never fails
		p.done <- code
	}()
	t.Cleanup(func() { p.end() })
	ready := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(read)
		for lines.Scan() {
			if strings.Contains(lines.Text(), "ready") {
				ready <- lines.Text()
			}
		}
		close(ready)
	}()
	select {
	case line, ok := <-ready:
		if !ok {
			t.Fatalf("%q ended before it was ready", args)
		}
		_, p.url, _ = strings.Cut(line, " on ")
	case <-time.After(patient):
		t.Fatalf("%q is not ready", args)
	}
	return p
}

// end asks the process to stop and returns its exit code. It may be repeated.
func (p *served) end() int {
	p.stop()
	select {
	case code := <-p.done:
		p.done <- code
		return code
	case <-time.After(patient):
		p.t.Error("the process does not end")
		return -1
	}
}

// folder is short, unlike t.TempDir, as the path of a socket must be.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "hearth-up-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// sample writes the code of an action.
func sample(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "hello.js")
	code := "function main (p) { console.log('called'); return { hello: p.name } }"
	if err := os.WriteFile(name, []byte(code), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// must runs a user command that has to succeed, and returns what it printed.
func must(t *testing.T, env []string, args ...string) string {
	t.Helper()
	got := start(t, env, "", args...)
	if got.Code != exitOK {
		t.Fatalf("%q: exit code %d, output %q, errors %q", args, got.Code, got.Stdout, got.Stderr)
	}
	return got.Stdout
}

// eventually runs a user command until it prints want.
func eventually(t *testing.T, want string, env []string, args ...string) {
	t.Helper()
	deadline := time.Now().Add(patient)
	for {
		got := start(t, env, "", args...)
		if strings.Contains(got.Stdout, want) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%q: got %+v, want %q", args, got, want)
		}
		time.Sleep(20 * time.Millisecond) // between two looks
	}
}

const answered = "{\n  \"hello\": \"you\"\n}\n"

func TestUpServesAndKeepsItsData(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	up := serve(t, nil, "up", "--addr", "127.0.0.1:0", "--data", dir)
	env := []string{"WSK_CONFIG_FILE=" + filepath.Join(dir, propertyFile)}
	must(t, env, "action", "create", "hello", sample(t))
	if got := must(t, env, "invoke", "hello", "-r", "-p", "name", "you"); got != answered {
		t.Errorf("got %q, want %q", got, answered)
	}
	eventually(t, "called\n", env, "logs", "hello", "--strip")
	if got := must(t, env, "invoke", "/whisk.system/samples/greeting", "-r", "-p", "name", "Mork", "-p", "place", "Ork"); !strings.Contains(got, "Hello, Mork from Ork!") {
		t.Errorf("the catalogue's action: %q", got)
	}
	if got := page(t, up.url+"/metrics"); !strings.Contains(got, `hearth_activations_done_total{namespace="guest"} 2`) ||
		!strings.Contains(got, `hearth_activations_drift{namespace="guest"} 0`) ||
		!strings.Contains(got, `hearth_worker_activations_total{status="success"} 2`) {
		t.Errorf("the metrics do not show the call:\n%s", got)
	}
	info, err := os.Stat(filepath.Join(dir, propertyFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the property file: %v, %v, want one that only its owner reads", info.Mode(), err)
	}
	key := must(t, []string{}, "namespace", "list", "--data", dir)
	if !strings.Contains(key, guestNamespace) {
		t.Errorf("got %q, want the namespace in the list", key)
	}
	second := start(t, nil, "", "up", "--addr", "127.0.0.1:0", "--data", dir)
	if second.Code != exitFailed || !strings.Contains(second.Stderr, "lock the data folder") {
		t.Errorf("a second process on the folder: %+v", second)
	}
	if code := up.end(); code != exitOK {
		t.Fatalf("exit code %d after an orderly stop", code)
	}

	before, err := os.ReadFile(filepath.Join(dir, propertyFile))
	if err != nil {
		t.Fatal(err)
	}
	up = serve(t, nil, "up", "--addr", "127.0.0.1:0", "--data", dir)
	if got := must(t, env, "invoke", "hello", "-r", "-p", "name", "you"); got != answered {
		t.Errorf("got %q after a restart, want %q", got, answered)
	}
	after, err := os.ReadFile(filepath.Join(dir, propertyFile))
	if err != nil {
		t.Fatal(err)
	}
	if auth(before) == "" || auth(before) != auth(after) {
		t.Error("the key has changed with the restart")
	}
	if code := up.end(); code != exitOK {
		t.Errorf("exit code %d after an orderly stop", code)
	}
}

func page(t *testing.T, url string) string {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func auth(properties []byte) string {
	_, key, _ := strings.Cut(string(properties), "AUTH=")
	return strings.TrimSpace(key)
}

func TestProcessesFindEachOtherThroughRedis(t *testing.T) {
	t.Parallel()
	shared := []string{"HEARTH_REDIS=" + storetest.Server(t).URL()}
	must(t, shared, "migrate")
	key := strings.TrimSpace(must(t, shared, "namespace", "create", "tenant", "--limit", "concurrent-invocations=50"))
	workers := []*served{
		serve(t, shared, "worker", "--data", folder(t), "--worker-id", "one"),
		serve(t, shared, "worker", "--data", folder(t), "--worker-id", "two"),
	}
	serve(t, shared, "triggers")
	var envs [][]string
	for range 2 {
		server := serve(t, shared, "apiserver", "--addr", "127.0.0.1:0")
		envs = append(envs, []string{"HEARTH_APIHOST=" + server.url, "HEARTH_AUTH=" + key})
	}
	must(t, envs[0], "action", "create", "hello", sample(t))
	for _, env := range envs {
		if got := must(t, env, "invoke", "hello", "-r", "-p", "name", "you"); got != answered {
			t.Errorf("got %q, want %q", got, answered)
		}
	}
	must(t, envs[0], "trigger", "create", "event")
	must(t, envs[0], "rule", "create", "onevent", "event", "hello")
	must(t, envs[1], "trigger", "fire", "event")
	eventually(t, "/event:", envs[0], "activation", "list", "event")
	// Whichever worker holds the action, the other takes over.
	for i, w := range workers[:1] {
		if code := w.end(); code != exitOK {
			t.Errorf("worker %d: exit code %d", i, code)
		}
		if got := must(t, envs[1], "invoke", "hello", "-r", "-p", "name", "you"); got != answered {
			t.Errorf("got %q from the worker that is left, want %q", got, answered)
		}
	}
}
