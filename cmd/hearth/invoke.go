package main

import (
	"context"
	"fmt"
	"net/http"
)

type invokeCommand struct {
	connection
	parameters
	Name     string `arg:"" help:"The action."`
	Blocking bool   `short:"b" help:"Wait for the end, and print the record."`
	Result   bool   `short:"r" help:"Wait for the end, and print the result alone."`

	Delay    string `placeholder:"TIME" help:"Run it later: a duration such as 90s, or a time as in RFC 3339."`
	MaxAge   string `placeholder:"TIME" help:"Do not run it once it has waited in a queue for so long."`
	Priority string `placeholder:"LEVEL" help:"high, normal or low."`
	Key      string `name:"idempotency-key" placeholder:"KEY" help:"Make all calls with this key one."`
}

// header holds what a call asks for beside its parameters.
func (c invokeCommand) header() http.Header {
	h := http.Header{}
	for name, value := range map[string]string{
		"X-Hearth-Delay": c.Delay, "X-Hearth-Max-Age": c.MaxAge, "X-Hearth-Priority": c.Priority, "Idempotency-Key": c.Key,
	} {
		if value != "" {
			h.Set(name, value)
		}
	}
	return h
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
	got, err := cl.With(c.header()).Invoke(ctx, name, params, c.Blocking, c.Result)
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
