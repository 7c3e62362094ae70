// Package engine is the seam between the worker and whatever runs containers.
// Two engines exist: docker, and process for machines without Docker. Both
// pass the suite in enginetest.
package engine

import (
	"context"
	"io"
	"time"
)

// Engine runs containers. All methods are safe for concurrent use, respect
// ctx, and have a time limit of their own where ctx has none, so that a
// daemon that hangs never holds a caller for good.
//
// Order: Create, then any number of Pause and Resume in turn, then Remove,
// which is allowed in every state and may be repeated. Pause of a paused and
// Resume of a running container do nothing. A container that is gone gives
// ErrGone from Pause, Resume and Inspect, and nil from Remove. One that has
// ended and is not yet removed gives ErrGone from Pause and Resume, and its
// exit code from Inspect, at the latest when its output has been closed.
//
// Errors: ErrUnavailable when the engine does not answer (the breaker is open
// or the call timed out), ErrImage when the image cannot be had, ErrCommand
// when the image holds no such executable; everything else is a failure of
// that one container.
type Engine interface {
	// Ping asks the engine who it is.
	Ping(ctx context.Context) (Info, error)
	// Create makes and starts a container whose output goes to spec.Output
	// from its first byte, and returns once it accepts connections.
	Create(ctx context.Context, spec Spec) (Container, error)
	// Pause freezes all processes of the container; when it returns nil, none
	// of them runs.
	Pause(ctx context.Context, id string) error
	// Resume thaws what Pause froze.
	Resume(ctx context.Context, id string) error
	// Inspect says how the container is, and how it ended.
	Inspect(ctx context.Context, id string) (Status, error)
	// Remove kills the container, paused or not, and deletes it.
	Remove(ctx context.Context, id string) error
	// List returns all containers of this deployment, whoever made them and
	// in every state.
	List(ctx context.Context) ([]Listed, error)
}

// Info describes an engine.
type Info struct {
	Name       string // "docker" or "process"
	Version    string
	APIVersion string
	OCIRuntime string // name and version of the low-level runtime, if known
	// Runtimes are the names that Spec.Runtime may have.
	Runtimes []string
	Warnings []string
}

// Spec is a container to be made.
type Spec struct {
	// Name is a hint for people who look at the engine's own list.
	Name  string
	Image string
	// Foreign images keep the contract over TCP on port 8080 and bring their
	// own user; ours listen on a unix socket and run hardened.
	Foreign bool
	// Refresh asks the registry for the image before each Create, as actions
	// that name their own image want: a name without tag, or tagged "latest",
	// must be pulled; with any other tag a failed pull is forgiven when the
	// image is here. Without Refresh an image is pulled only when it is absent.
	Refresh bool
	// Runtime is the low-level runtime, such as "runsc", by the name under
	// which the engine knows it; empty means the engine's default. Containers of
	// our images may then be called over TCP.
	Runtime string
	// Memory is the limit in MB (2^20 bytes), swap included.
	Memory int
	// Env is the environment beside the image's own.
	Env map[string]string
	// Files are given to the container by their absolute paths, beside what its
	// image has: everybody in there can read them, nobody can write them, and
	// they go with the container. The engine process puts them below the home
	// folder of the process.
	Files map[string][]byte
	// ReadOnly makes the root of a foreign image read-only, all but /tmp; that
	// of ours always is.
	ReadOnly bool
	// Labels are kept with the container; see the Label constants. The engine
	// adds LabelDeployment, LabelWorker and LabelBoot itself.
	Labels map[string]string
	// Output receives stdout and stderr. Its writers are called from one
	// goroutine each and never after Close.
	Output Output
	// Pulling, if set, is called with true when Create begins to wait for a
	// registry and with false when it no longer does: that is no work of this
	// host, so other starts need not wait for it.
	Pulling func(waits bool)
	// ReadyTimeout bounds the wait for the first connection; 0 means 60 s.
	ReadyTimeout time.Duration
}

// Output takes what a container prints. Writers may be nil, and one that fails
// gets no more; the container is not held up. One that blocks does hold it up.
type Output struct {
	Stdout, Stderr io.Writer
	// Close is called once, when both streams have ended, or Create has failed.
	Close func()
}

// End calls Close if there is one. It is for engines.
func (o Output) End() {
	if o.Close != nil {
		o.Close()
	}
}

// The labels of a container.
const (
	LabelDeployment = "hearth.deployment"
	LabelWorker     = "hearth.worker"
	LabelBoot       = "hearth.boot" // of the worker process that made it
	LabelNamespace  = "hearth.namespace"
	LabelAction     = "hearth.action"
	LabelRevision   = "hearth.revision"
)

// Container is a started container.
type Container struct {
	ID string
	// Network and Address are as for net.Dial: "unix" and a path, or "tcp"
	// and host:port.
	Network, Address string
}

// Status is how a container is.
type Status struct {
	Running   bool
	Paused    bool
	ExitCode  int  // once it has ended
	OOMKilled bool // the kernel killed a process of it for memory
}

// Listed is an entry of List.
type Listed struct {
	ID      string
	Labels  map[string]string
	Created time.Time
	Running bool
}
