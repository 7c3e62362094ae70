package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/hearth-faas/hearth/cmd/hearth/builder"
	"github.com/hearth-faas/hearth/cmd/hearth/stack"
)

type functionNew struct {
	gatewayConnection
	Name   string `arg:"" optional:"" help:"The function."`
	Lang   string `placeholder:"LANGUAGE" help:"What it is written in: the name of a template."`
	Prefix string `placeholder:"PREFIX" help:"What the image's name begins with, such as registry.example.org/team."`
	File   string `short:"f" default:"stack.yml" placeholder:"FILE" help:"The stack file that it becomes a part of (${default})."`
	List   bool   `help:"List the languages."`
}

// Run writes a folder with a first handler, and an entry of the stack file.
func (c functionNew) Run(p *program) error {
	dir := filepath.Dir(c.File)
	if c.List {
		_, err := fmt.Fprintln(p.stdout, strings.Join(builder.Languages(dir), "\n"))
		return err
	}
	if c.Name == "" || c.Lang == "" {
		return usagef("a new function needs a name and a language: hearth function new NAME --lang X; --list shows the languages")
	}
	if err := validFunctionName(c.Name); err != nil {
		return err
	}
	t, err := builder.FindTemplate(dir, c.Lang)
	if err != nil {
		return usagef("%v", err)
	}
	text, err := os.ReadFile(c.File)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read stack file: %w", err)
	}
	gateway, err := c.base(p.env)
	if err != nil {
		gateway = anyGateway
	}
	image := c.Name + ":latest"
	if c.Prefix != "" {
		image = strings.TrimSuffix(c.Prefix, "/") + "/" + image
	}
	text, err = stack.Append(text, gateway, c.Name, stack.Function{Lang: c.Lang, Handler: "./" + c.Name, Image: image})
	if err != nil {
		return fmt.Errorf("extend %s: %w", c.File, err)
	}
	folder := filepath.Join(dir, c.Name)
	if err := builder.Begin(t, folder); err != nil {
		return fmt.Errorf("begin function %s: %w", c.Name, err)
	}
	if err := os.WriteFile(c.File, text, 0o644); err != nil { //nolint:gosec // others may read it
		return fmt.Errorf("write stack file: %w", err)
	}
	if err := p.ok("made %s, and an entry of %s", folder, c.File); err != nil {
		return err
	}
	if t.Welcome == "" {
		return nil
	}
	_, err = fmt.Fprintf(p.stdout, "\n%s\n", strings.ReplaceAll(strings.TrimSpace(t.Welcome), t.Handler+"/", c.Name+"/"))
	return err
}
