package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/hearth-faas/hearth/cmd/hearth/client"
)

// paging are the flags of commands that list.
type paging struct {
	Limit int `short:"l" default:"30" help:"At most so many; 0 for as many as the platform gives."`
	Skip  int `short:"s" help:"Leave out the first ones."`
}

func (f paging) page() client.Page { return client.Page{Skip: f.Skip, Limit: f.Limit} }

// resolve makes the client, and reads the name of an entity.
func (c connection) resolve(env environment, name string) (*client.Client, client.Name, error) {
	n, err := client.ParseName(name)
	if err != nil {
		return nil, n, usagef("%v", err)
	}
	cl, err := c.client(env)
	return cl, n, err
}

// put makes or changes an entity, and says so.
func (c connection) put(ctx context.Context, p *program, collection, name string, body client.Put, overwrite bool) error {
	cl, n, err := c.resolve(p.env, name)
	if err != nil {
		return err
	}
	verb := "create"
	if overwrite {
		verb = "update"
	}
	if _, err := cl.Put(ctx, collection, n, body, overwrite); err != nil {
		return fmt.Errorf("%s %s: %w", verb, one(collection), err)
	}
	return p.ok("%sd %s %s", verb, one(collection), name)
}

func (c connection) get(ctx context.Context, p *program, collection, name string) error {
	cl, n, err := c.resolve(p.env, name)
	if err != nil {
		return err
	}
	body, err := cl.Get(ctx, collection, n, false)
	if err != nil {
		return fmt.Errorf("get %s: %w", one(collection), err)
	}
	return show(p.stdout, body)
}

func (c connection) delete(ctx context.Context, p *program, collection, name string, force bool) error {
	cl, n, err := c.resolve(p.env, name)
	if err != nil {
		return err
	}
	if err := cl.Delete(ctx, collection, n, force); err != nil {
		return fmt.Errorf("delete %s: %w", one(collection), err)
	}
	return p.ok("deleted %s %s", one(collection), name)
}

func (p *program) ok(format string, args ...any) error {
	_, err := fmt.Fprintf(p.stdout, "ok: "+format+"\n", args...)
	return err
}

// one is the singular of a collection.
func one(collection string) string { return strings.TrimSuffix(collection, "s") }

// listing prints a collection, with one column that the collection has of its
// own.
func (c connection) listing(ctx context.Context, p *program, collection string, page client.Page, status func(client.Entity) string) error {
	cl, err := c.client(p.env)
	if err != nil {
		return err
	}
	list, err := cl.List(ctx, collection, "", page)
	if err != nil {
		return fmt.Errorf("list %s: %w", collection, err)
	}
	rows := [][]string{{strings.ToUpper(one(collection)), "VERSION", "STATUS", "UPDATED"}}
	for _, e := range list {
		rows = append(rows, []string{"/" + e.Namespace + "/" + e.Name, e.Version, status(e), moment(e.Updated)})
	}
	return table(p.stdout, rows)
}
