package platform

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Process is a started program whose output is kept.
type Process struct {
	cmd  *exec.Cmd
	out  *output
	done chan struct{} // closed once the process has ended
	err  error         // of Wait, set before done is closed
}

// Command is a program to start.
type Command struct {
	Path string
	Args []string
	Dir  string
	// Env is added to the environment of this process; nil for nothing.
	Env []string
	// Log receives a copy of all output; nil for none.
	Log io.Writer
}

// Start starts a program. It outlives ctx; Stop or Kill ends it.
func Start(c Command) (*Process, error) {
	p := &Process{out: &output{copy: c.Log}, done: make(chan struct{})}
	p.cmd = exec.Command(c.Path, c.Args...)
	p.cmd.Dir = c.Dir
	p.cmd.Env = append(os.Environ(), c.Env...)
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.out
	// A child of the program must not keep Wait from returning.
	p.cmd.WaitDelay = 5 * time.Second
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Path, err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// PID is the process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Output is everything that it has printed, both streams together.
func (p *Process) Output() string { return p.out.String() }

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// WaitFor waits until the process has printed text.
func (p *Process) WaitFor(ctx context.Context, text string) error {
	return Poll(ctx, func() error {
		if strings.Contains(p.Output(), text) {
			return nil
		}
		select {
		case <-p.done:
			return fmt.Errorf("process ended (%w) before it printed %q:\n%s", p.err, text, p.Output())
		default:
			return fmt.Errorf("process has not printed %q:\n%s", text, p.Output())
		}
	})
}

// Signal sends a signal; it is no error when the process has ended.
func (p *Process) Signal(s syscall.Signal) error {
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("signal process: %w", err)
	}
	return nil
}

// Wait waits for the end and returns the exit code, -1 after a signal.
func (p *Process) Wait(ctx context.Context) (int, error) {
	select {
	case <-p.done:
		return p.cmd.ProcessState.ExitCode(), nil
	case <-ctx.Done():
		return 0, fmt.Errorf("process has not ended: %w", context.Cause(ctx))
	}
}

// Stop asks the process to end and returns its exit code; when ctx ends
// before that, the process is killed.
func (p *Process) Stop(ctx context.Context) (int, error) {
	if err := p.Signal(syscall.SIGTERM); err != nil {
		return 0, err
	}
	code, err := p.Wait(ctx)
	if err != nil {
		return 0, errors.Join(err, p.Kill())
	}
	return code, nil
}

// Kill ends the process at once and waits for that.
func (p *Process) Kill() error {
	err := p.Signal(syscall.SIGKILL)
	<-p.done
	return err
}

// Memory is what the kernel says of the process' resident memory now and at
// its highest, in bytes.
func (p *Process) Memory() (now, peak int64, err error) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(p.PID()) + "/status")
	if err != nil {
		return 0, 0, fmt.Errorf("read memory of process: %w", err)
	}
	for line := range strings.Lines(string(b)) {
		key, value, _ := strings.Cut(line, ":")
		kb, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		switch key {
		case "VmRSS":
			now = kb << 10
		case "VmHWM":
			peak = kb << 10
		}
	}
	return now, peak, nil
}

// output keeps what is written to it.
type output struct {
	copy io.Writer

	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.copy != nil {
		if _, err := o.copy.Write(b); err != nil {
			return 0, fmt.Errorf("copy output: %w", err)
		}
	}
	return o.buf.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}
