package watchdog

import (
	"os/exec"
	"sync"
	"syscall"
)

// groups are the processes of requests that run, each the first of a process
// group of its own.
type groups struct {
	mu  sync.Mutex
	all map[*exec.Cmd]bool
}

func newGroups() *groups { return &groups{all: make(map[*exec.Cmd]bool)} }

func (g *groups) add(cmd *exec.Cmd) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.all[cmd] = true
}

func (g *groups) remove(cmd *exec.Cmd) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.all, cmd)
}

// kill ends a process, with all that it started.
func kill(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }

// killAll ends the processes that are left.
func (g *groups) killAll() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for cmd := range g.all {
		kill(cmd)
	}
}
