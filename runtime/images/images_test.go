package images_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hearth-faas/hearth/runtime/images"
	"github.com/hearth-faas/hearth/runtime/kinds"
)

// buildProxy builds the proxy once for all tests.
func buildProxy(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "proxy")
	if out, err := exec.Command("go", "build", "-o", file, "../proxy").CombinedOutput(); err != nil {
		t.Fatalf("build the proxy: %v: %s", err, out)
	}
	return file
}

func TestEveryKindThatHasAWayRunsOnTheHost(t *testing.T) {
	t.Parallel()
	proxy := buildProxy(t)
	launchers := t.TempDir()
	for range 2 { // a second time over the first
		if err := images.Install(launchers); err != nil {
			t.Fatal(err)
		}
	}
	for kind, code := range map[string]string{
		"nodejs:default": "function main(p) { return {hello: p.name} }",
		"python:default": "def main(p): return {'hello': p['name']}",
		"go:default":     "package main\n\nfunc Main(p map[string]any) map[string]any { return map[string]any{\"hello\": p[\"name\"]} }\n",
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			k, ok := kinds.Default().Resolve(kind)
			if !ok {
				t.Fatal("no such kind")
			}
			host, ok := images.HostFor(k.Image, launchers)
			if !ok {
				t.Fatalf("no way to run %s", k.Image)
			}
			if _, err := exec.LookPath(host.Command); err != nil {
				t.Fatal(err)
			}
			post := startProxy(t, proxy, host.Env)
			post("/init", map[string]any{"value": map[string]any{"main": "main", "code": code}})
			if got := post("/run", map[string]any{"value": map[string]any{"name": "host"}}); strings.ReplaceAll(got, " ", "") != `{"hello":"host"}` {
				t.Errorf("got %s", got)
			}
		})
	}
}

// startProxy starts a proxy and returns a function that posts to it.
func startProxy(t *testing.T, proxy string, env []string) func(path string, body any) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "img") // short: it is in the name of a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket := filepath.Join(dir, "s")
	var output bytes.Buffer
	cmd := exec.Command(proxy)
	// As little of this process's environment as the engine gives.
	cmd.Env = append(append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TMPDIR=" + dir}, env...), "HEARTH_SOCKET="+socket, "HEARTH_DIR="+filepath.Join(dir, "action"))
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		if err := cmd.Wait(); err != nil {
			t.Errorf("the proxy ended with %v: %s", err, output.String())
		}
	})
	client := &http.Client{Timeout: 2 * time.Minute, Transport: &http.Transport{DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialUntil(ctx, socket, time.Now().Add(time.Minute))
		}}}
	return func(path string, body any) string {
		t.Helper()
		data, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Post("http://proxy"+path, "application/json", bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		answer, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: got %d %s, %v", path, resp.StatusCode, answer, err)
		}
		return string(answer)
	}
}

// dialUntil dials a socket that a starting process is about to open.
func dialUntil(ctx context.Context, socket string, deadline time.Time) (net.Conn, error) {
	for {
		conn, err := new(net.Dialer).DialContext(ctx, "unix", socket)
		if err == nil || time.Now().After(deadline) {
			return conn, err
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestForeignImagesHaveNoWay(t *testing.T) {
	t.Parallel()
	if host, ok := images.HostFor("openwhisk/action-nodejs-v20:nightly", "/tmp"); ok {
		t.Errorf("got %+v", host)
	}
}
