package main

import "context"

type functionUp struct {
	gatewayConnection
	builds
	File   string `short:"f" placeholder:"FILE" help:"The stack file (stack.yml)."`
	Filter string `arg:"" optional:"" help:"Only functions whose names fit, such as 'api-*'."`
}

// Run builds functions and deploys them.
func (c functionUp) Run(ctx context.Context, p *program) error {
	f, err := readStack(p.env, c.File)
	if err != nil {
		return err
	}
	names, err := f.choose(filters(c.Filter)...)
	if err != nil {
		return err
	}
	// Before minutes are spent on building.
	if _, err := c.of(p.env, f); err != nil {
		return err
	}
	if err := c.build(ctx, p, f, names); err != nil {
		return err
	}
	return c.deployStack(ctx, p, f, names)
}
