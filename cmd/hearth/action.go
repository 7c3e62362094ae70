package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"

	"github.com/hearth-faas/hearth/cmd/hearth/client"
)

type actionCommand struct {
	Create actionCreate  `cmd:"" help:"Make an action from a file, a folder, an image, or other actions."`
	Update actionUpdate  `cmd:"" help:"Change an action, or make it."`
	Get    actionGet     `cmd:"" help:"Show an action."`
	List   actionList    `cmd:"" help:"List actions."`
	Delete deleteAction  `cmd:"" help:"Delete an action."`
	Invoke invokeCommand `cmd:"" help:"Invoke an action."`
}

type actionGet struct {
	connection
	Name string `arg:"" help:"The action."`
	Save string `placeholder:"FILE" help:"Write the code to a file."`
	URL  bool   `help:"Print the address of the web action."`
}

// Run shows an action.
func (c actionGet) Run(ctx context.Context, p *program) error {
	cl, name, err := c.resolve(p.env, c.Name)
	if err != nil {
		return err
	}
	body, err := cl.Get(ctx, client.Actions, name, c.Save != "")
	if err != nil {
		return fmt.Errorf("get action: %w", err)
	}
	var entity client.Entity
	if err := json.Unmarshal(body, &entity); err != nil {
		return fmt.Errorf("read action: %w", err)
	}
	switch {
	case c.URL:
		namespace := name.Namespace
		if namespace == client.Self {
			if namespace, err = cl.Namespace(ctx); err != nil {
				return fmt.Errorf("look up the namespace: %w", err)
			}
		}
		_, err = fmt.Fprintln(p.stdout, cl.WebURL(namespace, name))
		return err
	case c.Save != "":
		return save(c.Save, entity.Exec)
	}
	return show(p.stdout, body)
}

func save(name string, exec client.Exec) error {
	if exec.Code == nil {
		return usagef("an action of kind %s has no code", exec.Kind)
	}
	code := []byte(*exec.Code)
	if exec.Binary {
		var err error
		if code, err = base64.StdEncoding.DecodeString(*exec.Code); err != nil {
			return fmt.Errorf("decode the code: %w", err)
		}
	}
	if err := os.WriteFile(name, code, 0o644); err != nil { //nolint:gosec // code of a user, where the user says
		return fmt.Errorf("save the code: %w", err)
	}
	return nil
}

type actionList struct {
	connection
	paging
	Package string `arg:"" optional:"" help:"Only this package's actions."`
}

// Run lists actions.
func (c actionList) Run(ctx context.Context, p *program) error {
	cl, err := c.client(p.env)
	if err != nil {
		return err
	}
	list, err := cl.List(ctx, client.Actions, c.Package, c.page())
	if err != nil {
		return fmt.Errorf("list actions: %w", err)
	}
	rows := [][]string{{"ACTION", "VERSION", "KIND", "UPDATED"}}
	for _, e := range list {
		kind := ""
		for _, a := range e.Annotations {
			if a.Key == "exec" {
				_ = json.Unmarshal(a.Value, &kind) // no text, no kind
			}
		}
		rows = append(rows, []string{"/" + e.Namespace + "/" + e.Name, e.Version, kind, moment(e.Updated)})
	}
	return table(p.stdout, rows)
}

type deleteAction struct {
	connection
	Name string `arg:"" help:"The action."`
}

// Run deletes an action.
func (c deleteAction) Run(ctx context.Context, p *program) error {
	return c.delete(ctx, p, client.Actions, c.Name, false)
}
