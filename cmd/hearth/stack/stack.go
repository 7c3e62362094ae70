// Package stack reads and extends stack files: the list of functions that
// faas-cli keeps in stack.yml, with how each is built and deployed.
package stack

import "go.yaml.in/yaml/v3"

// File is a stack file.
type File struct {
	Version   string              `yaml:"version"`
	Provider  Provider            `yaml:"provider"`
	Functions map[string]Function `yaml:"functions"`
	// Configuration is for faas-cli alone, and not looked at.
	Configuration yaml.Node `yaml:"configuration"`
}

// Provider is the platform that the functions are for.
type Provider struct {
	Name    string `yaml:"name"`
	Gateway string `yaml:"gateway"` // its URL, or empty
	// Network is accepted, since old files have it, and means nothing.
	Network string `yaml:"network"`
}

// Function is one function. Folders and files are named from the folder of
// the stack file.
type Function struct {
	Lang    string `yaml:"lang"`    // the template
	Handler string `yaml:"handler"` // the folder with the function's own files
	Image   string `yaml:"image"`

	SkipBuild    bool              `yaml:"skip_build"`
	BuildArgs    map[string]string `yaml:"build_args"`
	BuildOptions []string          `yaml:"build_options"`
	// Platforms and BuildSecrets are for faas-cli publish.
	Platforms    string            `yaml:"platforms"`
	BuildSecrets map[string]string `yaml:"build_secrets"`

	FProcess        string            `yaml:"fprocess"`
	Namespace       string            `yaml:"namespace"`
	Environment     map[string]string `yaml:"environment"`
	EnvironmentFile []string          `yaml:"environment_file"`
	Secrets         []string          `yaml:"secrets"`
	Labels          map[string]string `yaml:"labels"`
	Annotations     map[string]string `yaml:"annotations"`
	Constraints     []string          `yaml:"constraints"`
	Limits          *Resources        `yaml:"limits"`
	Requests        *Resources        `yaml:"requests"`
	ReadOnlyRoot    bool              `yaml:"readonly_root_filesystem"`
}

// Resources are quantities in the syntax of Kubernetes, verbatim. The keys are
// also those of the API.
type Resources struct {
	Memory string `yaml:"memory" json:"memory,omitempty"`
	CPU    string `yaml:"cpu" json:"cpu,omitempty"`
}
