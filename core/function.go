package core

import (
	"errors"
	"time"
)

// KindFunction is the kind of an action whose image serves plain HTTP, as an
// OpenFaaS function does: Exec.Image is called through the watchdog protocol.
const KindFunction = "watchdog"

// Function is what an action is beyond OpenWhisk's notion of one when it was
// deployed as a function image. An action with one has KindFunction, and lies
// in no package. It is shared by those who read it: do not change it in place.
type Function struct {
	// Namespace is the name that clients of the function API have for the one
	// it is in.
	Namespace   string
	EnvProcess  string            // what the watchdog starts; empty for what the image says
	EnvVars     map[string]string // nil when none were given
	Labels      map[string]string
	Annotations map[string]string
	Secrets     []string // names, in the order given
	Constraints []string
	// Limits and Requests are kept as they were given; nil is not the same as
	// empty. What is enforced is in the action's Limits.
	Limits, Requests *Resources
	ReadOnlyRoot     bool      // all of its file system but /tmp
	Created          time.Time // of the first deployment
}

// Resources are quantities in the syntax of Kubernetes, verbatim: "128Mi",
// "100m", "1".
type Resources struct {
	Memory, CPU string
	// GPUs are the numbers of devices by vendor: "nvidia.com/gpu".
	GPUs map[string]string
}

// Environment is what the containers of the function get beside the image's
// own: its variables, fprocess where it is set, and its name.
func (f *Function) Environment(name string) map[string]string {
	env := map[string]string{"OPENFAAS_NAME": name, "OPENFAAS_NAMESPACE": f.Namespace}
	if f.EnvProcess != "" {
		env["fprocess"] = f.EnvProcess
	}
	for key, value := range f.EnvVars {
		env[key] = value // fprocess among them wins
	}
	return env
}

// ErrNoReplica says that no replica of a function takes calls here and now,
// and that nothing was sent to any.
var ErrNoReplica = errors.New("no replica takes calls")
