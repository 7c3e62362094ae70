package watchdog

import (
	"context"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"
)

// gate knows whether the function wants requests. Health checks of the kind
// that run a command look for its lock file.
type gate struct {
	log       *log.Logger
	lock      string // "" for none
	accepting atomic.Bool
}

func newGate(c Config, l *log.Logger) *gate {
	g := &gate{log: l}
	if !c.SuppressLock {
		g.lock = LockFile()
	}
	return g
}

// LockFile is the file that exists while a function is healthy.
func LockFile() string { return filepath.Join(os.TempDir(), ".lock") }

func (g *gate) open() error {
	if g.lock != "" {
		g.log.Printf("Writing lock-file to: %s", g.lock)
		if err := os.WriteFile(g.lock, nil, 0o660); err != nil {
			return err
		}
	}
	g.accepting.Store(true)
	return nil
}

func (g *gate) close() {
	g.accepting.Store(false)
	if g.lock == "" {
		return
	}
	g.log.Printf("Removing lock-file : %s", g.lock)
	if err := os.Remove(g.lock); err != nil {
		g.log.Printf("Unable to mark server as unhealthy: %s", err)
	}
}

// healthy is false once somebody has removed the lock file, which is how a
// function says that it wants to be replaced.
func (g *gate) healthy() bool {
	if !g.accepting.Load() {
		return false
	}
	if g.lock == "" {
		return true
	}
	_, err := os.Stat(g.lock)
	return err == nil
}

func (w *Watchdog) health(rw http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method != http.MethodGet:
		rw.WriteHeader(http.StatusMethodNotAllowed)
	case !w.healthy(r.Context()):
		rw.WriteHeader(http.StatusServiceUnavailable)
	default:
		_, _ = rw.Write([]byte("OK"))
	}
}

// ready asks the function itself, if it has a path for that.
func (w *Watchdog) ready(rw http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method != http.MethodGet:
		rw.WriteHeader(http.StatusMethodNotAllowed)
	case !w.healthy(r.Context()):
		rw.WriteHeader(http.StatusServiceUnavailable)
	case w.limit.full():
		rw.WriteHeader(http.StatusTooManyRequests)
	case w.config.ReadyPath == "":
		rw.WriteHeader(http.StatusOK)
	default:
		rw.WriteHeader(w.probe(r))
	}
}

// probe returns the status of the function's ReadyPath.
func (w *Watchdog) probe(r *http.Request) int {
	ask, err := http.NewRequestWithContext(r.Context(), http.MethodGet, w.config.ReadyPath, http.NoBody)
	if err != nil {
		w.log.Printf("ready_path: %s", err)
		return http.StatusInternalServerError
	}
	ask.RequestURI, ask.Host = w.config.ReadyPath, r.Host
	ask.Header.Set("User-Agent", "kube-probe") // which is not logged
	answer := &recorder{ResponseWriter: &nowhere{header: make(http.Header)}}
	w.function.ServeHTTP(answer, ask)
	return answer.code()
}

// nowhere is an answer that nobody reads.
type nowhere struct{ header http.Header }

func (n *nowhere) Header() http.Header         { return n.header }
func (n *nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (n *nowhere) WriteHeader(int)             {}

// pause waits, but not longer than ctx.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
