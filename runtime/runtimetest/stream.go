package runtimetest

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"
)

// sentinel closes an activation's output.
const sentinel = "XXX_THE_END_OF_A_WHISK_ACTIVATION_XXX\n"

// stream collects one output stream of a container.
type stream struct {
	mu    sync.Mutex
	buf   bytes.Buffer
	wrote chan struct{} // has an item when something was written
}

func newStream() *stream { return &stream{wrote: make(chan struct{}, 1)} }

// Write appends to the stream.
func (s *stream) Write(p []byte) (int, error) {
	s.mu.Lock()
	s.buf.Write(p)
	s.mu.Unlock()
	select {
	case s.wrote <- struct{}{}:
	default:
	}
	return len(p), nil
}

func (s *stream) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.String()
}

// section waits for the nth sentinel and returns what stands before it.
func (s *stream) section(t testing.TB, n int) string {
	t.Helper()
	timeout := time.After(patience)
	for {
		if parts := strings.Split(s.text(), sentinel); len(parts) > n+1 {
			return parts[n]
		}
		select {
		case <-s.wrote:
		case <-timeout:
			t.Fatalf("no sentinel after activation %d in: %.2000s", n, s.text())
		}
	}
}
