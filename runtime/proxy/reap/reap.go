// Package reap starts child processes and buries the orphans that land on a
// process that is PID 1 of its container.
package reap

import (
	"context"
	"os"
	"os/exec"
	"os/signal"
	"sync"
	"syscall"
	"unsafe"
)

// Reaper starts commands and collects the exit status of processes that are
// nobody's. The two must know of each other: whoever waits for any child may
// take the status of a command that another goroutine waits for.
type Reaper struct {
	mu    sync.Mutex
	ours  map[int]bool // pids of commands that are started and not yet waited for
	again chan struct{}
}

// New returns a Reaper. Commands can be started before and without Run.
func New() *Reaper {
	return &Reaper{ours: make(map[int]bool), again: make(chan struct{}, 1)}
}

// Start starts cmd. Wait must be called for it.
func (r *Reaper) Start(cmd *exec.Cmd) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := cmd.Start(); err != nil {
		return err
	}
	r.ours[cmd.Process.Pid] = true
	return nil
}

// Wait waits for a command that Start started, as cmd.Wait does.
func (r *Reaper) Wait(cmd *exec.Cmd) error {
	err := cmd.Wait()
	r.mu.Lock()
	delete(r.ours, cmd.Process.Pid)
	r.mu.Unlock()
	r.poke()
	return err
}

// poke has the loop look once more.
func (r *Reaper) poke() {
	select {
	case r.again <- struct{}{}:
	default:
	}
}

// Run buries orphans until ctx is done. Only PID 1 needs it.
func (r *Reaper) Run(ctx context.Context) {
	sigs := make(chan os.Signal, 1)
	signal.Notify(sigs, syscall.SIGCHLD)
	defer signal.Stop(sigs)
	for {
		r.bury()
		select {
		case <-ctx.Done():
			return
		case <-sigs:
		case <-r.again:
		}
	}
}

// bury collects dead children until none is left or the next one is ours:
// that one is shown again and again until its Wait has taken it, which pokes
// the loop.
func (r *Reaper) bury() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for {
		pid := peek()
		if pid <= 0 || r.ours[pid] {
			return
		}
		if _, err := syscall.Wait4(pid, nil, syscall.WNOHANG, nil); err != nil {
			return
		}
	}
}

// The arguments of waitid(2), from linux/wait.h; package syscall has no such
// call.
const (
	pAll    = 0
	wExited = 4
	wNoWait = 0x01000000
)

// peek returns the pid of a dead child, which stays dead, or 0.
func peek() int {
	// siginfo_t is 128 bytes; on 64-bit Linux si_pid is at 16.
	var info [16]int64
	_, _, errno := syscall.Syscall6(syscall.SYS_WAITID, pAll, 0, uintptr(unsafe.Pointer(&info)),
		wExited|syscall.WNOHANG|wNoWait, 0, 0)
	if errno != 0 {
		return 0
	}
	return int(int32(info[2]))
}
