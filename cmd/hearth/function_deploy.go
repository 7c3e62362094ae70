package main

import (
	"context"

	"github.com/hearth-faas/hearth/cmd/hearth/stack"
)

type functionDeploy struct {
	gatewayConnection
	Name        string            `arg:"" optional:"" help:"The function; of a stack file those whose names fit, such as 'api-*'."`
	File        string            `short:"f" placeholder:"FILE" help:"The stack file (stack.yml), where no image is named."`
	Image       string            `help:"The image, which listens on port 8080."`
	Process     string            `placeholder:"COMMAND" help:"What the watchdog in the image starts, where the image does not say."`
	Env         map[string]string `mapsep:"none" placeholder:"KEY=VALUE" help:"A variable; may be repeated."`
	Label       map[string]string `mapsep:"none" placeholder:"KEY=VALUE" help:"A label; may be repeated."`
	Annotate    map[string]string `mapsep:"none" placeholder:"KEY=VALUE" help:"An annotation; may be repeated."`
	Secret      []string          `sep:"none" placeholder:"NAME" help:"A secret; may be repeated."`
	MemoryLimit string            `placeholder:"QUANTITY" help:"The most memory of a container, such as 128Mi."`
	ReadOnly    bool              `help:"Make the file system read-only, all but /tmp."`
}

// Run replaces or makes the function of an image, or those of a stack file.
func (c functionDeploy) Run(ctx context.Context, p *program) error {
	in := deploymentJSON{
		Service: c.Name, Image: c.Image, EnvProcess: c.Process, EnvVars: c.Env, Labels: c.Label, Annotations: c.Annotate,
		Secrets: c.Secret, ReadOnlyRoot: c.ReadOnly,
	}
	if c.MemoryLimit != "" {
		in.Limits = &stack.Resources{Memory: c.MemoryLimit}
	}
	switch {
	case c.Image != "" && (c.Name == "" || c.File != ""):
		return usagef("--image goes with a name, and without a stack file")
	case c.Image != "":
		return c.deploy(ctx, p, in)
	case c.Process != "" || len(c.Env)+len(c.Label)+len(c.Annotate)+len(c.Secret) > 0 || c.MemoryLimit != "" || c.ReadOnly:
		return usagef("what a function of a stack file is like is said there; other flags go with --image")
	}
	f, err := readStack(p.env, c.File)
	if err != nil {
		return err
	}
	names, err := f.choose(filters(c.Name)...)
	if err != nil {
		return err
	}
	return c.deployStack(ctx, p, f, names)
}
