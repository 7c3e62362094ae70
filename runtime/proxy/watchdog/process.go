package watchdog

import (
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"time"

	"github.com/hearth-faas/hearth/runtime/proxy/reap"
)

// process is the function's server.
type process struct {
	cmd   *exec.Cmd
	ended chan struct{} // closed
}

// startProcess starts the command and has its output logged. When it ends with
// an error, failed is called, once what it printed last is in the logs.
func startProcess(c *Config, r *reap.Reaper, out, errs *log.Logger, failed func(error)) (*process, error) {
	cmd := exec.Command(c.Process[0], c.Process[1:]...)
	cmd.Env = c.Environ
	outLog, err := follow(&cmd.Stdout, newLines(c, out, "stdout"))
	if err != nil {
		return nil, err
	}
	errsLog, err := follow(&cmd.Stderr, newLines(c, errs, "stderr"))
	if err != nil {
		outLog.begin()
		return nil, err
	}
	err = r.Start(cmd)
	outLog.begin()
	errsLog.begin()
	if err != nil {
		return nil, fmt.Errorf("start the function: %w", err)
	}
	p := &process{cmd: cmd, ended: make(chan struct{})}
	go func() {
		err := r.Wait(cmd)
		// A process that it left behind may go on printing for ever.
		patience := time.After(time.Second)
		for _, l := range []*follower{outLog, errsLog} {
			select {
			case <-l.done:
			case <-patience:
			}
		}
		close(p.ended)
		if err != nil {
			failed(fmt.Errorf("the function's process: %w", err))
		}
	}()
	return p, nil
}

// follower copies one stream of a process to the log, until nobody has the
// stream open.
type follower struct {
	read, write *os.File
	lines       *lines
	done        chan struct{} // closed at the end of the stream
}

// follow makes the stream a pipe. begin must be called.
func follow(stream *io.Writer, l *lines) (*follower, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make a pipe for output: %w", err)
	}
	*stream = write
	return &follower{read: read, write: write, lines: l, done: make(chan struct{})}, nil
}

// begin is called when the process has its end of the pipe, or never will.
func (f *follower) begin() {
	_ = f.write.Close()
	go func() {
		defer close(f.done)
		_, _ = io.Copy(f.lines, f.read) // its end is all that can happen
		f.lines.end()
		_ = f.read.Close()
	}()
}

// signal passes a signal on; one that is lost met a process that had ended.
func (p *process) signal(sig os.Signal) { _ = p.cmd.Process.Signal(sig) }

// close waits for the end, and forces it when done is closed.
func (p *process) close(done <-chan struct{}) {
	select {
	case <-p.ended:
	case <-done:
		_ = p.cmd.Process.Kill()
	}
}
