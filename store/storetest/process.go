package storetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// keeper runs the server and lives as long as its standard input, a pipe from
// the test binary: when that exits, crashes or is killed, the pipe closes and
// the server goes too. (A parent-death signal would follow the thread that
// started the process, not the process.)
const keeper = `
redis-server "$1" >"$2/log" 2>&1 </dev/null &
pid=$!
cat >/dev/null
kill -KILL $pid 2>/dev/null
wait $pid 2>/dev/null
if [ "$3" = remove ]; then rm -rf "$2"; fi
`

// process is a running redis-server.
type process struct {
	cmd    *exec.Cmd
	stdin  io.Closer
	socket string
	pid    int
}

// launch starts a server in dir and returns when it answers. With remove, dir
// is deleted when the server ends.
func launch(dir, conf string, remove bool) (*process, error) {
	if _, err := exec.LookPath("redis-server"); err != nil {
		return nil, fmt.Errorf("redis-server is needed in PATH: %w", err)
	}
	socket := filepath.Join(dir, "s")
	file := filepath.Join(dir, "redis.conf")
	text := fmt.Sprintf("port 0\nunixsocket %s\nunixsocketperm 700\ndir %s\ndaemonize no\n%s", socket, dir, conf)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return nil, fmt.Errorf("write %s: %w", file, err)
	}
	_ = os.Remove(socket) // left by a killed server, it would look like a live one
	after := "keep"
	if remove {
		after = "remove"
	}
	cmd := exec.Command("sh", "-c", keeper, "keeper", file, dir, after)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start redis-server: %w", err)
	}
	p := &process{cmd: cmd, stdin: stdin, socket: socket}
	if err := p.wait(); err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "log"))
		return nil, errors.Join(fmt.Errorf("redis-server does not answer: %w\n%s", err, log), p.end())
	}
	return p, nil
}

// wait returns when the server has loaded its data and answers, and learns
// its process id.
func (p *process) wait() error {
	rdb := redis.NewClient(&redis.Options{Network: "unix", Addr: p.socket, MaxRetries: -1})
	defer rdb.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		err := p.ask(ctx, rdb)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-tick.C:
		}
	}
}

func (p *process) ask(ctx context.Context, rdb *redis.Client) error {
	if _, err := os.Stat(p.socket); err != nil {
		return err
	}
	info, err := rdb.Info(ctx, "server").Result()
	if err != nil {
		return err
	}
	_, after, _ := strings.Cut(info, "process_id:")
	pid, _, _ := strings.Cut(after, "\r\n")
	p.pid, err = strconv.Atoi(pid)
	return err
}

// end kills the server and returns when it is gone.
func (p *process) end() error {
	err := p.stdin.Close()
	_ = p.cmd.Wait() // its status is that of the kill
	return err
}
