package enginetest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/hearth-faas/hearth/worker/engine"
)

// patience is how long anything may take that must happen in the end; a busy
// machine is no failure.
const patience = 2 * time.Minute

// Output records what a container prints.
type Output struct {
	mu             sync.Mutex
	stdout, stderr bytes.Buffer
	closes         int
	closed         chan struct{}
}

// NewOutput returns an empty record.
func NewOutput() *Output { return &Output{closed: make(chan struct{})} }

type lockedWriter struct {
	o *Output
	w *bytes.Buffer
}

func (l lockedWriter) Write(p []byte) (int, error) {
	l.o.mu.Lock()
	defer l.o.mu.Unlock()
	return l.w.Write(p)
}

// Engine returns the record as a Spec wants it.
func (o *Output) Engine() engine.Output {
	return engine.Output{
		Stdout: lockedWriter{o, &o.stdout},
		Stderr: lockedWriter{o, &o.stderr},
		Close: func() {
			o.mu.Lock()
			defer o.mu.Unlock()
			if o.closes++; o.closes == 1 {
				close(o.closed)
			}
		},
	}
}

// Text returns what was printed so far.
func (o *Output) Text() (stdout, stderr string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.stdout.String(), o.stderr.String()
}

// AwaitClose waits until the output has been closed, which must happen once.
func (o *Output) AwaitClose(t *testing.T) {
	t.Helper()
	select {
	case <-o.closed:
	case <-time.After(patience):
		t.Fatal("output not closed")
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closes != 1 {
		t.Errorf("output closed %d times, want once", o.closes)
	}
}

// Box is a container of the test server.
type Box struct {
	engine.Container
	Output *Output
	client *http.Client
}

// Create makes a container, which is removed with the test. change may be nil.
func Create(t *testing.T, target Target, change func(*engine.Spec)) *Box {
	t.Helper()
	b, err := TryCreate(t.Context(), t, target, change)
	if err != nil {
		t.Fatalf("Create: %v", err)
	}
	return b
}

// TryCreate is Create for those who expect an error.
func TryCreate(ctx context.Context, t *testing.T, target Target, change func(*engine.Spec)) (*Box, error) {
	t.Helper()
	b := &Box{Output: NewOutput()}
	spec := engine.Spec{
		Name:         t.Name(),
		Image:        target.Image,
		Foreign:      target.Foreign,
		Memory:       128,
		Output:       b.Output.Engine(),
		ReadyTimeout: patience,
	}
	if change != nil {
		change(&spec)
	}
	c, err := target.Engine.Create(ctx, spec)
	if err != nil {
		return b, err
	}
	b.Container = c
	t.Cleanup(func() {
		if err := target.Engine.Remove(context.WithoutCancel(ctx), c.ID); err != nil {
			t.Errorf("Remove: %v", err)
		}
	})
	b.client = &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, c.Network, c.Address)
		},
	}}
	return b, nil
}

// Get asks the server in the container and returns its answer.
func (b *Box) Get(t *testing.T, path string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	text, err := b.TryGet(ctx, path)
	if err != nil {
		t.Fatalf("GET %s: %v", path, err)
	}
	return text
}

// TryGet is Get for those who expect an error.
func (b *Box) TryGet(ctx context.Context, path string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://container"+path, nil)
	if err != nil {
		return "", fmt.Errorf("make request: %w", err)
	}
	response, err := b.client.Do(request)
	if err != nil {
		return "", fmt.Errorf("call container: %w", err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return "", fmt.Errorf("read answer: %w", err)
	}
	return string(text), nil
}

// Await polls until the condition holds.
func Await(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}
