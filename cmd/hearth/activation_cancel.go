package main

import (
	"context"
	"fmt"
)

type activationCancel struct {
	connection
	ID string `arg:"" help:"The activation."`
}

// Run cancels an activation. That it ends so is certain only once its record
// says so: it may end by itself first.
func (c activationCancel) Run(ctx context.Context, p *program) error {
	cl, err := c.client(p.env)
	if err != nil {
		return err
	}
	if err := cl.Cancel(ctx, c.ID); err != nil {
		return fmt.Errorf("cancel activation: %w", err)
	}
	return p.ok("cancelled %s", c.ID)
}
