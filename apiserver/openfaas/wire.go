package openfaas

import (
	"maps"
	"time"

	"github.com/hearth-faas/hearth/core"
)

// LabelFunction is on every function, whatever its deployment said.
const LabelFunction = "faas_function"

// spec is what a deployment and a status have in common.
type spec struct {
	Image        string             `json:"image"`
	Namespace    string             `json:"namespace,omitempty"`
	EnvProcess   string             `json:"envProcess,omitempty"`
	EnvVars      map[string]string  `json:"envVars,omitempty"`
	Constraints  []string           `json:"constraints,omitempty"`
	Secrets      []string           `json:"secrets,omitempty"`
	Labels       *map[string]string `json:"labels,omitempty"`
	Annotations  *map[string]string `json:"annotations,omitempty"`
	Limits       *resourcesJSON     `json:"limits,omitempty"`
	Requests     *resourcesJSON     `json:"requests,omitempty"`
	ReadOnlyRoot bool               `json:"readOnlyRootFilesystem,omitempty"`
}

// deploymentJSON is a function as it is to be.
type deploymentJSON struct {
	Service string `json:"service"`
	spec
}

// statusJSON is a function as it is. Clients dereference labels and
// annotations, so both are always there; variables, limits and requests are
// absent when none were given.
type statusJSON struct {
	Name string `json:"name"`
	spec
	Invocations int       `json:"invocationCount,omitempty"`
	Replicas    int       `json:"replicas,omitempty"`
	Available   int       `json:"availableReplicas,omitempty"`
	Created     time.Time `json:"createdAt"`
}

type resourcesJSON struct {
	Memory string `json:"memory,omitempty"`
	CPU    string `json:"cpu,omitempty"`
	Nvidia string `json:"nvidia.com/gpu,omitempty"`
	AMD    string `json:"amd.com/gpu,omitempty"`
	Intel  string `json:"intel.com/gpu,omitempty"`
}

func (r *resourcesJSON) resources() *core.Resources {
	if r == nil {
		return nil
	}
	out := &core.Resources{Memory: r.Memory, CPU: r.CPU}
	for vendor, n := range map[string]string{"nvidia.com/gpu": r.Nvidia, "amd.com/gpu": r.AMD, "intel.com/gpu": r.Intel} {
		if n != "" {
			if out.GPUs == nil {
				out.GPUs = map[string]string{}
			}
			out.GPUs[vendor] = n
		}
	}
	return out
}

func resourcesOf(r *core.Resources) *resourcesJSON {
	if r == nil {
		return nil
	}
	return &resourcesJSON{r.Memory, r.CPU, r.GPUs["nvidia.com/gpu"], r.GPUs["amd.com/gpu"], r.GPUs["intel.com/gpu"]}
}

// statusOfFunction shows a function as it was deployed. ready is the number of
// its replicas that take calls.
func (d *Dialect) statusOfFunction(a *core.Action, ready int) statusJSON {
	f := a.Function
	labels, annotations := maps.Clone(f.Labels), f.Annotations
	if labels == nil {
		labels = map[string]string{}
	}
	if annotations == nil {
		annotations = map[string]string{}
	}
	labels[LabelFunction] = a.Name.Name
	return statusJSON{
		Name: a.Name.Name,
		spec: spec{
			Image: a.Exec.Image, Namespace: d.shown(a.Name.Namespace), EnvProcess: f.EnvProcess, EnvVars: f.EnvVars,
			Constraints: f.Constraints, Secrets: f.Secrets, Labels: &labels, Annotations: &annotations,
			Limits: resourcesOf(f.Limits), Requests: resourcesOf(f.Requests), ReadOnlyRoot: f.ReadOnlyRoot,
		},
		Replicas: a.Replicas, Available: ready, Created: f.Created,
	}
}
