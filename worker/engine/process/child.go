package process

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"

	"github.com/hearth-faas/hearth/worker/engine"
)

// settleTime is how long the end of a process may come after that of its output.
const settleTime = 5 * time.Second

// child is one process, its group, and its output.
type child struct {
	id, dir, socket string
	labels          map[string]string
	created         time.Time
	pid             int           // also the id of its process group
	ended           chan struct{} // closed when the process has ended
	drained         chan struct{} // closed when its output has been passed on
	pipes           []*os.File    // our ends, for reading

	mu     sync.Mutex
	paused bool
	over   bool // the process has been reaped: its pid means nothing any more
	code   int
}

func newChild(id, dir string, labels map[string]string) *child {
	return &child{
		id: id, dir: dir, socket: socketPath(dir), labels: labels, created: time.Now(),
		ended: make(chan struct{}), drained: make(chan struct{}),
	}
}

// start runs the command in a process group of its own, which dies with the
// worker, and passes its output on.
func (c *child) start(command *exec.Cmd, output engine.Output) error {
	stdout, outEnd, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("make pipe: %w", err)
	}
	stderr, errEnd, err := os.Pipe()
	if err != nil {
		return errors.Join(fmt.Errorf("make pipe: %w", err), stdout.Close(), outEnd.Close())
	}
	c.pipes = []*os.File{stdout, stderr}
	command.Stdout, command.Stderr = outEnd, errEnd
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}

	started := make(chan error)
	go c.live(command, started)
	err = <-started
	// The child has its own copies; ours would keep the pipes from ending.
	_ = outEnd.Close()
	_ = errEnd.Close()
	if err != nil {
		return errors.Join(err, stdout.Close(), stderr.Close())
	}
	go c.drain(stdout, stderr, output)
	return nil
}

// live starts the command, says so, and waits for its end. The kernel sends
// the death signal when the thread that started the process ends, not when
// the program does, so this goroutine keeps its thread for as long.
func (c *child) live(command *exec.Cmd, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := command.Start()
	if err == nil {
		c.pid = command.Process.Pid
	}
	started <- err
	if err != nil {
		return
	}
	_ = command.Wait() // the state says more than the error
	c.mu.Lock()
	c.over, c.code = true, exitCode(command.ProcessState)
	// What the process leaves behind in its group goes with it, as in a
	// container. The id of a group stays taken while it has members.
	_ = syscall.Kill(-c.pid, syscall.SIGKILL)
	c.mu.Unlock()
	close(c.ended)
}

// drain copies both streams to their ends. A writer that fails loses the rest
// of its stream, and never holds up the process.
func (c *child) drain(stdout, stderr io.Reader, output engine.Output) {
	var streams sync.WaitGroup
	pass := func(w io.Writer, r io.Reader) {
		if w != nil {
			_, _ = io.Copy(w, r)
		}
		_, _ = io.Copy(io.Discard, r)
	}
	streams.Go(func() { pass(output.Stdout, stdout) })
	streams.Go(func() { pass(output.Stderr, stderr) })
	streams.Wait()
	for _, pipe := range c.pipes {
		_ = pipe.Close()
	}
	// Whoever learns of the end of the output may ask how the process ended,
	// unless it only closed its output.
	select {
	case <-c.ended:
	case <-time.After(settleTime):
	}
	output.End()
	close(c.drained)
}

// signal sends sig to the whole group; false says that the process is over.
func (c *child) signal(sig syscall.Signal) bool {
	return !c.over && syscall.Kill(-c.pid, sig) == nil
}

func (c *child) running() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.over
}

func (c *child) status() engine.Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	return engine.Status{Running: !c.over, Paused: c.paused && !c.over, ExitCode: c.code}
}

// exitCode is as a shell and Docker have it: 128 and the signal for a process
// that was killed.
func exitCode(state *os.ProcessState) int {
	if ws, ok := state.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return 128 + int(ws.Signal())
	}
	return state.ExitCode()
}
