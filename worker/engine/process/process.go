// Package process runs actions as child processes of the worker, through the
// same proxy as the images of this project, for machines without Docker.
//
// It isolates nothing: an action can read what the worker can, and its memory
// is not limited. It is for development on one's own machine.
package process

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/hearth-faas/hearth/worker/engine"
)

var _ engine.Engine = (*Process)(nil)

// Runtime says how an image is run without a container.
type Runtime struct {
	// Image is the reference that Spec.Image names, such as
	// "hearth/runtime-nodejs:24".
	Image string
	// Command is the program, looked up in PATH, and its arguments. It listens
	// on the unix socket that engine.EnvSocket names.
	Command []string
	// Env is the environment beside PATH, HOME and TMPDIR, which the engine
	// sets. Nothing else of the worker's own environment is passed on.
	Env map[string]string
	// Dir is the working directory; empty means one that the engine makes for
	// the process and deletes with it.
	Dir string
}

// Options configure a Process.
type Options struct {
	// Deployment, Worker and Boot become the labels of every process.
	Deployment, Worker, Boot string
	// Dir holds a folder for each process. It is made if absent. Its path must
	// be short: a unix socket's path has at most 107 bytes.
	Dir string
	// Runtimes are the images that can be run; at least one.
	Runtimes []Runtime
	// Path is the PATH of the processes; empty means DefaultPath.
	Path string
}

// DefaultPath is the PATH of processes where Options name none.
const DefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// Process is an engine of child processes.
type Process struct {
	options  Options
	runtimes map[string]Runtime

	mu       sync.Mutex
	children map[string]*child
}

// socketMax is the longest path that fits sockaddr_un with its closing zero,
// see unix(7).
const socketMax = 107

// New returns an engine that runs the given runtimes. It starts nothing.
func New(options Options) (*Process, error) {
	if options.Dir == "" {
		return nil, errors.New("process engine: Dir is missing")
	}
	dir, err := filepath.Abs(options.Dir)
	if err != nil {
		return nil, fmt.Errorf("find folder for processes: %w", err)
	}
	options.Dir = dir
	if n := len(socketPath(filepath.Join(dir, newID()))); n > socketMax {
		return nil, fmt.Errorf("process engine: sockets under %s would have paths of %d bytes, the most is %d", dir, n, socketMax)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make folder for processes: %w", err)
	}
	if options.Path == "" {
		options.Path = DefaultPath
	}
	p := &Process{options: options, runtimes: map[string]Runtime{}, children: map[string]*child{}}
	for _, r := range options.Runtimes {
		if r.Image == "" || len(r.Command) == 0 {
			return nil, fmt.Errorf("process engine: runtime %q needs an image and a command", r.Image)
		}
		p.runtimes[r.Image] = r
	}
	if len(p.runtimes) == 0 {
		return nil, errors.New("process engine: no runtimes")
	}
	return p, nil
}

func (p *Process) child(id string) (*child, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.children[id]
	if c == nil {
		return nil, fmt.Errorf("process %s: %w", id, engine.ErrGone)
	}
	return c, nil
}

// labels returns the spec's labels and those of this engine.
func (p *Process) labels(spec engine.Spec) map[string]string {
	all := map[string]string{}
	for k, v := range spec.Labels {
		all[k] = v
	}
	all[engine.LabelDeployment] = p.options.Deployment
	all[engine.LabelWorker] = p.options.Worker
	all[engine.LabelBoot] = p.options.Boot
	return all
}

func (c *child) listed() engine.Listed {
	return engine.Listed{ID: c.id, Labels: c.labels, Created: c.created, Running: c.running()}
}

func socketPath(dir string) string { return filepath.Join(dir, "s") }

// removeWait bounds the wait for the output of a killed process: a grandchild
// that left the process group may hold the pipes open.
const removeWait = 2 * time.Second
