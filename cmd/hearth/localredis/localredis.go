// Package localredis gives a platform that runs on one machine the Redis it
// needs: a redis-server of its own where that program is installed, otherwise
// one in this process that forgets everything at its end.
package localredis

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
)

// program is the server, looked up in PATH.
const program = "redis-server"

// Ready and Stop bound how long the server may take to load its data, and to
// write it when it ends.
const (
	Ready = 2 * time.Minute
	Stop  = 30 * time.Second
)

// Installed says whether there is a redis-server to start.
func Installed() bool {
	_, err := exec.LookPath(program)
	return err == nil
}

// Server is a redis-server that belongs to this process.
type Server struct {
	socket string
	cmd    *exec.Cmd
	done   chan struct{} // closed once it has ended
	err    error         // of its end, set before done is closed
}

// Start starts a server that keeps its data in dir and returns once it
// answers. It listens on a unix socket only, writes every change to an
// append-only file, and never evicts. dir must be held by one process at a
// time; a server left there by one that was killed is ended first.
func Start(ctx context.Context, dir string, log *slog.Logger) (*Server, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("find the folder of redis: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of redis: %w", err)
	}
	s := &Server{socket: SocketPath(dir), done: make(chan struct{})}
	if len(s.socket) > socketMax {
		return nil, fmt.Errorf("the path %s is longer than a socket's can be", s.socket)
	}
	if err := s.evict(ctx, log); err != nil {
		return nil, err
	}
	if err := s.start(dir); err != nil {
		return nil, err
	}
	if err := s.await(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("wait for redis-server, see %s: %w", logPath(dir), err), s.stop())
	}
	return s, nil
}

// socketMax is the longest path that fits sockaddr_un with its closing zero,
// see unix(7).
const socketMax = 107

// SocketPath returns where the server of a folder listens.
func SocketPath(dir string) string { return filepath.Join(dir, "redis.sock") }

func logPath(dir string) string { return filepath.Join(dir, "redis.log") }

// URL returns the address in the form of --redis.
func (s *Server) URL() string { return "unix://" + s.socket }

// Run returns when the server has ended: nil after ctx asked for it, an error
// when it ended by itself.
func (s *Server) Run(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return s.stop()
	case <-s.done:
		return fmt.Errorf("redis-server ended by itself: %w", errors.Join(s.err, errors.New("see its log")))
	}
}

func (s *Server) start(dir string) error {
	out, err := os.OpenFile(logPath(dir), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open the log of redis-server: %w", err)
	}
	s.cmd = exec.Command(program, //nolint:noctx // it must outlive the context, and is ended in order
		"--port", "0", "--unixsocket", s.socket, "--unixsocketperm", "700",
		"--dir", dir, "--daemonize", "no", "--save", "",
		"--appendonly", "yes", "--appendfsync", "everysec",
		"--maxmemory-policy", "noeviction", "--databases", "1")
	s.cmd.Stdout, s.cmd.Stderr = out, out
	s.cmd.SysProcAttr = attributes()
	started := make(chan error, 1)
	go func() {
		defer out.Close()
		// The kernel ends the server when the thread that started it ends, so
		// that thread stays for as long as the server does.
		runtime.LockOSThread()
		err := s.cmd.Start()
		started <- err
		if err != nil {
			return
		}
		s.err = s.cmd.Wait()
		close(s.done)
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("start redis-server: %w", err)
	}
	return nil
}

// await returns when the server has loaded its data and answers.
func (s *Server) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, Ready)
	defer cancel()
	rdb := s.client()
	defer rdb.Close()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		err := rdb.Ping(ctx).Err()
		if err == nil {
			return nil
		}
		select {
		case <-s.done:
			return fmt.Errorf("it ended: %w", s.err)
		case <-ctx.Done():
			return fmt.Errorf("it does not answer: %w", err)
		case <-tick.C:
		}
	}
}

// evict ends a server that still listens on the socket.
func (s *Server) evict(ctx context.Context, log *slog.Logger) error {
	rdb := s.client()
	defer rdb.Close()
	if rdb.Ping(ctx).Err() != nil {
		return nil // nobody there
	}
	log.Warn("a redis-server of an earlier run is left, ending it", "socket", s.socket)
	_ = rdb.Shutdown(ctx).Err() // the connection ends with it, which reads as an error
	ctx, cancel := context.WithTimeout(ctx, Stop)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for rdb.Ping(ctx).Err() == nil {
		select {
		case <-ctx.Done():
			return errors.New("a redis-server of an earlier run does not end")
		case <-tick.C:
		}
	}
	return nil
}

func (s *Server) client() *redis.Client {
	return redis.NewClient(&redis.Options{Network: "unix", Addr: s.socket, MaxRetries: -1, PoolSize: 1})
}

// stop lets the server write what it has, and kills it when that takes too
// long.
func (s *Server) stop() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop redis-server: %w", err)
	}
	timer := time.NewTimer(Stop)
	defer timer.Stop()
	select {
	case <-s.done:
		return nil
	case <-timer.C:
	}
	err := s.cmd.Process.Kill()
	<-s.done
	return errors.Join(errors.New("redis-server did not stop and was killed"), err)
}
