package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
)

type functionRemove struct {
	gatewayConnection
	Name string `arg:"" optional:"" help:"The function; of a stack file those whose names fit, such as 'api-*'."`
	File string `short:"f" placeholder:"FILE" help:"The stack file whose functions are deleted."`
}

// Run deletes a function, or those of a stack file.
func (c functionRemove) Run(ctx context.Context, p *program) error {
	if c.File == "" {
		if c.Name == "" {
			return usagef("name a function, or a stack file with -f")
		}
		return c.remove(ctx, p, c.Name)
	}
	f, err := readStack(p.env, c.File)
	if err != nil {
		return err
	}
	names, err := f.choose(filters(c.Name)...)
	if err != nil {
		return err
	}
	connection, err := c.of(p.env, f)
	if err != nil {
		return err
	}
	var errs []error
	for _, name := range names {
		c := functionRemove{gatewayConnection: connection}
		c.Namespace = cmp.Or(c.Namespace, f.Functions[name].Namespace)
		if err := c.remove(ctx, p, name); err != nil {
			errs = append(errs, fmt.Errorf("delete %s: %w", name, err)) // the others can go
		}
	}
	return errors.Join(errs...)
}

func (c functionRemove) remove(ctx context.Context, p *program, name string) error {
	in := map[string]any{"functionName": name, "namespace": c.Namespace}
	if _, err := c.do(ctx, p.env, http.MethodDelete, "/system/functions", nil, in); err != nil {
		return err
	}
	return p.ok("deleted function %s", name)
}
