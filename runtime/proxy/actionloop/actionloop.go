// Package actionloop keeps OpenWhisk's container contract with a child
// process that lives as long as the container: requests go to its stdin, one
// line of JSON each, and answers come back on its file descriptor 3.
//
// A child may say in its acknowledgement that it speaks frames; see frame.go.
package actionloop

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/hearth-faas/hearth/runtime/proxy/reap"
	"github.com/hearth-faas/hearth/runtime/proxy/sentinel"
)

// Config is what an image says about its language.
type Config struct {
	// Dir is where code is unpacked and built.
	Dir string
	// Compiler is called as <compiler> <main> <source folder> <binary folder>
	// and leaves an executable "exec" in the latter. "" is for languages
	// without one.
	Compiler string
	// Launcher is a command that runs code from its source folder. With it,
	// nothing is compiled, and code that is no archive is source, whatever its
	// first bytes. The launcher is started before there is an action; its
	// first line of input says what to load; see hello.
	Launcher []string
	// WaitForAck has the child write {"ok":true} on fd 3 before init ends.
	WaitForAck bool
	// LogInitError puts the reason of a failed init in the logs, and only a
	// hint in the answer.
	LogInitError bool
	// ExecutionEnv must be the content of the file exec.env of a precompiled
	// archive, so that one built for another image is refused. "" accepts all.
	ExecutionEnv string
	// SaveJar keeps a jar file packed, as exec.jar.
	SaveJar bool
	// Environ is the environment of the compiler and of the child, before the
	// variables of /init.
	Environ []string
}

// ConfigFrom reads the variables of an image, and takes from the environment
// those that concern the proxy only.
func ConfigFrom(environ []string) Config {
	var c Config
	for _, kv := range environ {
		key, value, _ := strings.Cut(kv, "=")
		switch key {
		case "OW_COMPILER":
			c.Compiler = value
		case "OW_WAIT_FOR_ACK":
			c.WaitForAck = value != ""
		case "OW_LOG_INIT_ERROR":
			c.LogInitError = value != ""
		case "OW_EXECUTION_ENV":
			c.ExecutionEnv = value
		case "OW_SAVE_JAR":
			c.SaveJar = value != ""
		case "HEARTH_LAUNCHER":
			c.Launcher = strings.Fields(value)
		case "HEARTH_DIR":
			c.Dir = value
		}
		if !strings.HasPrefix(key, "HEARTH_") {
			c.Environ = append(c.Environ, kv)
		}
	}
	if c.Dir == "" {
		c.Dir = filepath.Join(os.TempDir(), "action")
	}
	return c
}

// Proxy serves /init and /run. Make it with New.
type Proxy struct {
	config  Config
	reaper  *reap.Reaper
	streams sentinel.Streams
	log     *slog.Logger

	closing atomic.Bool

	mu      sync.Mutex // held during init
	standby *child     // a launcher that waits for its action
	child   atomic.Pointer[child]
}

// New returns a proxy without an action. log is for people who look into the
// proxy itself; it should be silent at level info, because its output lands
// in users' logs.
func New(c Config, r *reap.Reaper, s sentinel.Streams, log *slog.Logger) *Proxy {
	return &Proxy{config: c, reaper: r, streams: s, log: log}
}

// Signal passes a signal on to the child, if there is one.
func (p *Proxy) Signal(sig os.Signal) {
	if c := p.child.Load(); c != nil {
		_ = c.cmd.Process.Signal(sig)
	}
}

// Close refuses further requests, closes the child's stdin, and waits for its
// end or for done.
func (p *Proxy) Close(done <-chan struct{}) {
	p.closing.Store(true)
	c := p.child.Load()
	if c == nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.standby != nil {
			p.standby.kill()
			p.standby = nil
		}
		return
	}
	_ = c.stdin.Close()
	select {
	case <-c.ended:
	case <-done:
		_ = c.cmd.Process.Kill()
	}
}
