package storetest

import (
	"os"
	"syscall"
	"testing"

	"github.com/redis/go-redis/v9"
)

// Private is the redis-server of one test, which may take it away and bring
// it back. Its data survives Kill: every write is on disk before its answer.
// It is not safe for concurrent use.
type Private struct {
	t    testing.TB
	dir  string
	proc *process
}

// Server starts a private server. Databases, like configuration, are Redis'
// defaults.
func Server(t testing.TB) *Private {
	t.Helper()
	dir, err := os.MkdirTemp("", "hearth-redis-")
	if err != nil {
		t.Fatalf("make a directory for redis: %v", err)
	}
	s := &Private{t: t, dir: dir}
	t.Cleanup(func() {
		s.Kill()
		_ = os.RemoveAll(dir)
	})
	s.Start()
	return s
}

// Start starts the server again after Kill, with the data it had.
func (s *Private) Start() {
	s.t.Helper()
	if s.proc != nil {
		s.t.Fatal("redis is running already")
	}
	proc, err := launch(s.dir, "save \"\"\nappendonly yes\nappendfsync always\n", false)
	if err != nil {
		s.t.Fatalf("start redis: %v", err)
	}
	s.proc = proc
}

// Kill ends the server at once, as a power cut would. Killing a dead server
// is harmless.
func (s *Private) Kill() {
	s.t.Helper()
	if s.proc == nil {
		return
	}
	if err := s.proc.end(); err != nil {
		s.t.Errorf("kill redis: %v", err)
	}
	s.proc = nil
}

// Freeze makes the server silent: connections stay open, and new ones are
// accepted by the kernel, but nothing is answered until Thaw.
func (s *Private) Freeze() { s.signal(syscall.SIGSTOP) }

// Thaw ends a Freeze.
func (s *Private) Thaw() { s.signal(syscall.SIGCONT) }

func (s *Private) signal(sig syscall.Signal) {
	s.t.Helper()
	if err := syscall.Kill(s.proc.pid, sig); err != nil {
		s.t.Fatalf("signal redis: %v", err)
	}
}

// Socket returns the path of the server's unix socket; it stays the same
// over Kill and Start.
func (s *Private) Socket() string { return s.dir + "/s" }

// URL returns the address in the form that redis.ParseURL reads.
func (s *Private) URL() string { return "unix://" + s.Socket() }

// Client returns a new client with go-redis' default time-outs, closed when
// the test ends.
func (s *Private) Client() redis.UniversalClient {
	rdb := redis.NewClient(&redis.Options{Network: "unix", Addr: s.Socket()})
	s.t.Cleanup(func() { _ = rdb.Close() })
	return rdb
}
