package main

import (
	"context"
	"fmt"
)

type invokeCommand struct {
	connection
	parameters
	Name     string `arg:"" help:"The action."`
	Blocking bool   `short:"b" help:"Wait for the end, and print the record."`
	Result   bool   `short:"r" help:"Wait for the end, and print the result alone."`
}

// Run invokes an action. Without --blocking or --result it prints the id.
func (c invokeCommand) Run(ctx context.Context, p *program) error {
	cl, name, err := c.resolve(p.env, c.Name)
	if err != nil {
		return err
	}
	params, err := c.object(p)
	if err != nil {
		return err
	}
	got, err := cl.Invoke(ctx, name, params, c.Blocking, c.Result)
	switch {
	case err != nil:
		return fmt.Errorf("invoke action: %w", err)
	case !got.Done:
		if err := p.ok("invoked %s with id %s", c.Name, got.ID); err != nil {
			return err
		}
		if c.Blocking || c.Result {
			return errPending
		}
		return nil
	}
	if err := show(p.stdout, got.Body); err != nil {
		return err
	}
	if got.Failed {
		return errAction
	}
	return nil
}
