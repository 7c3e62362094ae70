package main

import (
	"context"

	"github.com/hearth-faas/hearth/cmd/hearth/client"
)

type packageCommand struct {
	Create packageCreate `cmd:"" help:"Make a package."`
	Update packageUpdate `cmd:"" help:"Change a package, or make it."`
	Bind   packageBind   `cmd:"" help:"Make a view of another package, with parameters of its own."`
	Get    packageGet    `cmd:"" help:"Show a package and its actions."`
	List   packageList   `cmd:"" help:"List packages."`
	Delete packageDelete `cmd:"" help:"Delete a package."`
}

type packagePut struct {
	connection
	parameters
	Name   string `arg:"" help:"The package."`
	Shared string `enum:"yes,no," default:"" placeholder:"YES|NO" help:"Let other namespaces use it: yes or no."`
}

func (c packagePut) do(ctx context.Context, p *program, overwrite bool) error {
	params, err := c.list(p)
	if err != nil {
		return err
	}
	body := client.Put{Parameters: params}
	if c.Shared != "" {
		body.Publish = new(c.Shared == "yes")
	}
	return c.put(ctx, p, client.Packages, c.Name, body, overwrite)
}

type packageCreate struct{ packagePut }

// Run makes a package.
func (c packageCreate) Run(ctx context.Context, p *program) error { return c.do(ctx, p, false) }

type packageUpdate struct{ packagePut }

// Run changes a package.
func (c packageUpdate) Run(ctx context.Context, p *program) error { return c.do(ctx, p, true) }

type packageBind struct {
	connection
	parameters
	Package string `arg:"" help:"The package to bind, as /namespace/package."`
	Name    string `arg:"" help:"The name of the binding."`
}

// Run makes a binding.
func (c packageBind) Run(ctx context.Context, p *program) error {
	target, err := client.ParseName(c.Package)
	if err != nil {
		return usagef("%v", err)
	}
	params, err := c.list(p)
	if err != nil {
		return err
	}
	body := client.Put{Parameters: params, Binding: &client.Binding{Namespace: target.Namespace, Name: target.Name}}
	return c.put(ctx, p, client.Packages, c.Name, body, false)
}

type packageGet struct {
	connection
	Name string `arg:"" help:"The package."`
}

// Run shows a package.
func (c packageGet) Run(ctx context.Context, p *program) error {
	return c.get(ctx, p, client.Packages, c.Name)
}

type packageList struct {
	connection
	paging
}

// Run lists packages.
func (c packageList) Run(ctx context.Context, p *program) error {
	return c.listing(ctx, p, client.Packages, c.page(), func(e client.Entity) string {
		if e.Publish {
			return "shared"
		}
		return "private"
	})
}

type packageDelete struct {
	connection
	Name  string `arg:"" help:"The package."`
	Force bool   `help:"Delete the actions in it too."`
}

// Run deletes a package.
func (c packageDelete) Run(ctx context.Context, p *program) error {
	return c.delete(ctx, p, client.Packages, c.Name, c.Force)
}
