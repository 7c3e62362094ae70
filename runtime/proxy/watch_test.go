package main_test

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience bounds every wait, on machines that are busy with other tests.
const patience = time.Minute

// output is what a process wrote so far.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// served is a function behind the proxy.
type served struct {
	t         *testing.T
	cmd       *exec.Cmd
	url       string
	metrics   string
	lock      string
	out, logs *output
	end       chan error // has the end of the process
}

// serve starts the proxy as a watchdog with the variables, and returns when it
// listens.
func serve(t *testing.T, env ...string) *served {
	t.Helper()
	f := launch(t, env...)
	await(t, func() bool { return f.port(` Listening on port: (\d+)\n`) != "" })
	f.url = "http://127.0.0.1:" + f.port(` Listening on port: (\d+)\n`)
	f.metrics = "http://127.0.0.1:" + f.port(`Metrics listening on port: (\d+)\n`) + "/metrics"
	return f
}

func launch(t *testing.T, env ...string) *served {
	t.Helper()
	return launchAs(t, built, env...)
}

func launchAs(t *testing.T, program string, env ...string) *served {
	t.Helper()
	f := &served{t: t, out: new(output), logs: new(output), end: make(chan error, 1)}
	dir := t.TempDir()
	f.lock = filepath.Join(dir, ".lock")
	f.cmd = exec.Command(program)
	f.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "TMPDIR=" + dir, "HEARTH_MODE=watchdog", "port=0", "metrics_port=0"}, env...)
	f.cmd.Stdout, f.cmd.Stderr = f.out, f.logs
	f.cmd.WaitDelay = time.Second
	f.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := f.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { f.end <- f.cmd.Wait() }()
	t.Cleanup(func() {
		_ = syscall.Kill(-f.cmd.Process.Pid, syscall.SIGKILL)
		if t.Failed() {
			t.Logf("logs: %s", f.logs)
		}
	})
	return f
}

func (f *served) port(pattern string) string {
	if found := regexp.MustCompile(pattern).FindStringSubmatch(f.logs.String()); found != nil {
		return found[1]
	}
	return ""
}

// answer is one of the function.
type answer struct {
	status int
	header http.Header
	body   string
	err    error
}

// do sends a request; header is "Name: value" lines.
func (f *served) do(method, path, body string, header ...string) answer {
	return f.send(method, path, strings.NewReader(body), header...)
}

func (f *served) send(method, path string, body io.Reader, header ...string) answer {
	req, err := http.NewRequestWithContext(f.t.Context(), method, f.url+path, body)
	if err != nil {
		return answer{err: err}
	}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		if name == "Host" {
			req.Host = value
		}
		req.Header.Add(name, value)
	}
	client := http.Client{Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		return answer{err: err}
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return answer{status: resp.StatusCode, header: resp.Header, body: string(text), err: err}
}

// logged waits until the logs have text.
func (f *served) logged(text string) {
	f.t.Helper()
	deadline := time.Now().Add(patience)
	for !strings.Contains(f.logs.String(), text) {
		if time.Now().After(deadline) {
			f.t.Fatalf("never logged: %q", text)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// ended waits for the end of the proxy and returns its exit code.
func (f *served) ended() int {
	f.t.Helper()
	select {
	case <-f.end:
		return f.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		f.t.Fatal("the proxy has not ended")
		return 0
	}
}

func (f *served) term() {
	f.t.Helper()
	if err := f.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		f.t.Fatal(err)
	}
}

// script makes an executable shell script and returns its name.
func script(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "function")
	writeScript(t, file, "#!/bin/sh\n"+text+"\n")
	return file
}

// exists polls until a file is there.
func exists(t *testing.T, file string) {
	t.Helper()
	await(t, func() bool { _, err := os.Stat(file); return err == nil })
}
