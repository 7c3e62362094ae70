// Package runtimetest starts runtime images in Docker and talks to them as
// the platform does. Its tests are the suite that every image passes.
package runtimetest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// patience bounds every wait, on machines that are busy with other tests.
const patience = 90 * time.Second

// Container is a started container. Its methods fail the test when the
// container does not answer.
type Container struct {
	t        testing.TB
	name     string
	client   *http.Client
	out, err *stream
}

// Options are how a container is started.
type Options struct {
	// Foreign images are called over TCP; ours over a unix socket, without a
	// network and on a read-only root.
	Foreign bool
	Env     []string // "key=value"
}

// Start starts a container of image and removes it when the test ends.
func Start(t testing.TB, image string, o Options) *Container {
	t.Helper()
	name := fmt.Sprintf("hearth-runtimetest-%d-%d", os.Getpid(), time.Now().UnixNano())
	args := []string{"run", "--rm", "--name", name, "--memory", "256m", "--memory-swap", "256m", "--pids-limit", "1024"}
	for _, kv := range o.Env {
		args = append(args, "--env", kv)
	}
	c := &Container{t: t, name: name, out: newStream(), err: newStream()}
	dial := func(ctx context.Context) (net.Conn, error) { return dialTCP(ctx, name) }
	if !o.Foreign {
		dir := socketDir(t)
		args = append(args, "--network", "none", "--read-only", "--tmpfs", "/tmp:exec,size=256m", "--cap-drop", "ALL",
			"--security-opt", "no-new-privileges", "--volume", dir+":/run/hearth", "--env", "HEARTH_SOCKET=/run/hearth/s")
		dial = func(ctx context.Context) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", filepath.Join(dir, "s"))
		}
	}
	c.client = &http.Client{Timeout: patience, Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) },
	}}
	cmd := exec.Command("docker", append(args, image)...)
	cmd.Stdout, cmd.Stderr = c.out, c.err
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	t.Cleanup(func() {
		c.client.CloseIdleConnections()
		c.Kill()
		<-ended
		if t.Failed() {
			t.Logf("stdout: %.2000s\nstderr: %.2000s", c.out.text(), c.err.text())
		}
	})
	c.awaitReady(dial, ended)
	return c
}

// Kill removes the container, whatever it does.
func (c *Container) Kill() {
	_ = exec.Command("docker", "rm", "--force", "--volumes", c.name).Run()
}

// socketDir is a folder that any user of a container can make a socket in. Its
// path is short: the name of a socket has 107 bytes.
func socketDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "rt")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	return dir
}

// dialTCP asks Docker for the container's address on the bridge.
func dialTCP(ctx context.Context, name string) (net.Conn, error) {
	out, err := exec.CommandContext(ctx, "docker", "inspect", "--format",
		"{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", name).Output()
	if err != nil {
		return nil, fmt.Errorf("inspect container: %w", err)
	}
	return new(net.Dialer).DialContext(ctx, "tcp", strings.TrimSpace(string(out))+":8080")
}

func (c *Container) awaitReady(dial func(context.Context) (net.Conn, error), ended <-chan struct{}) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	for {
		conn, err := dial(ctx)
		if err == nil {
			_ = conn.Close()
			return
		}
		select {
		case <-ended:
			c.t.Fatalf("the container ended before it was ready: %s", c.err.text())
		case <-ctx.Done():
			c.t.Fatalf("the container is not ready: %v", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Answer is what a container answered. Status is 0 when the connection broke.
type Answer struct {
	Status int
	Body   string
}

// Error is the text of {"error": text}, or "".
func (a Answer) Error() string {
	var body struct{ Error any }
	if json.Unmarshal([]byte(a.Body), &body) != nil || body.Error == nil {
		return ""
	}
	return fmt.Sprint(body.Error)
}

// Result is the body as a JSON object.
func (a Answer) Result(t testing.TB) map[string]any {
	t.Helper()
	var result map[string]any
	if err := json.Unmarshal([]byte(a.Body), &result); err != nil || a.Status != http.StatusOK {
		t.Fatalf("got %d %.500s, want 200 and an object", a.Status, a.Body)
	}
	return result
}

// Init posts value to /init.
func (c *Container) Init(value map[string]any) Answer {
	c.t.Helper()
	return c.post("/init", map[string]any{"value": value})
}

// Run posts a request with value, and a context like the platform's, to /run.
func (c *Container) Run(value any) Answer {
	c.t.Helper()
	return c.RunAs("0123456789abcdef0123456789abcdef", value)
}

// RunAs is Run for the activation of that id.
func (c *Container) RunAs(activation string, value any) Answer {
	c.t.Helper()
	return c.post("/run", map[string]any{
		"value": value, "namespace": "guest", "action_name": "/guest/test", "action_version": "0.0.1",
		"activation_id": activation, "transaction_id": "tid", "deadline": "1900000000000", "api_key": "id:key",
	})
}

func (c *Container) post(path string, body any) Answer {
	c.t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		c.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, "http://container"+path, bytes.NewReader(data))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.client.Do(req)
	if err != nil {
		var timeout net.Error
		if errors.As(err, &timeout) && timeout.Timeout() {
			c.t.Fatalf("%s: %v", path, err)
		}
		return Answer{}
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return Answer{}
	}
	return Answer{Status: resp.StatusCode, Body: string(answer)}
}

// Logs returns what the action wrote to stdout and stderr in its nth
// activation since the start, from 0; a failed init counts as one.
func (c *Container) Logs(n int) (stdout, stderr string) {
	c.t.Helper()
	return c.out.section(c.t, n), c.err.section(c.t, n)
}

// Output returns all that was written so far.
func (c *Container) Output() (stdout, stderr string) { return c.out.text(), c.err.text() }
