package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/hearth-faas/hearth/cmd/hearth/builder"
)

// builds is how functions are built.
type builds struct {
	DockerHost string            `group:"Settings" placeholder:"URL" help:"The Docker daemon; by default that of DOCKER_HOST, or its usual socket."`
	Parallel   int               `default:"1" placeholder:"N" help:"Build so many at a time (${default})."`
	BuildArg   map[string]string `mapsep:"none" placeholder:"KEY=VALUE" help:"A build argument beside those of the stack file; may be repeated."`
}

type functionBuild struct {
	builds
	File   string `short:"f" placeholder:"FILE" help:"The stack file (stack.yml)."`
	Filter string `arg:"" optional:"" help:"Only functions whose names fit, such as 'api-*'."`
}

// Run builds the images of functions on this machine.
func (c functionBuild) Run(ctx context.Context, p *program) error {
	f, err := readStack(p.env, c.File)
	if err != nil {
		return err
	}
	names, err := f.choose(filters(c.Filter)...)
	if err != nil {
		return err
	}
	return c.build(ctx, p, f, names)
}

// filters is the list that an optional pattern makes.
func filters(pattern string) []string {
	if pattern == "" {
		return nil
	}
	return []string{pattern}
}

// build builds all, and stops at the first that fails.
func (c builds) build(ctx context.Context, p *program, f *stackFile, names []string) error {
	if c.Parallel < 1 {
		return usagef("--parallel is at least 1")
	}
	docker, err := builder.New(c.DockerHost)
	if err != nil {
		return err
	}
	defer docker.Close()
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(c.Parallel)
	for _, name := range names {
		group.Go(func() error {
			if ctx.Err() != nil {
				return nil // another has failed
			}
			out := &named{mu: &mu, to: p.stdout, name: "[" + name + "] "}
			return c.one(ctx, docker, f, name, out)
		})
	}
	return group.Wait()
}

func (c builds) one(ctx context.Context, docker *builder.Builder, f *stackFile, name string, out *named) error {
	function := f.Functions[name]
	if function.SkipBuild {
		return out.say("not built, as skip_build says: " + function.Image)
	}
	if len(function.BuildOptions) > 0 {
		if err := out.say(fmt.Sprintf("build_options are ignored: %q", function.BuildOptions)); err != nil {
			return err
		}
	}
	t, err := builder.FindTemplate(f.dir(), function.Lang)
	if err != nil {
		return fmt.Errorf("function %s: %w", name, err)
	}
	folder, err := builder.Assemble(f.dir(), name, t, function.Handler)
	if err != nil {
		return fmt.Errorf("function %s: %w", name, err)
	}
	args := map[string]string{}
	maps.Copy(args, function.BuildArgs)
	maps.Copy(args, c.BuildArg)
	if err := docker.Build(ctx, builder.Order{Folder: folder, Image: function.Image, Args: args}, out); err != nil {
		return fmt.Errorf("function %s: %w", name, err)
	}
	return out.say("built " + function.Image)
}

// named writes lines with a name before each, whole ones at a time, so that
// those of several writers stay apart.
type named struct {
	mu   *sync.Mutex
	to   io.Writer
	name string
	rest []byte // of a line that has not ended
}

// Write writes the lines that are complete.
func (n *named) Write(p []byte) (int, error) {
	n.rest = append(n.rest, p...)
	n.mu.Lock()
	defer n.mu.Unlock()
	for {
		line, rest, found := bytes.Cut(n.rest, []byte("\n"))
		if !found {
			return len(p), nil
		}
		if line = bytes.TrimRight(line, "\r"); len(line) > 0 {
			if _, err := fmt.Fprintf(n.to, "%s%s\n", n.name, line); err != nil {
				return 0, err
			}
		}
		n.rest = rest
	}
}

// say writes a line of its own.
func (n *named) say(line string) error {
	end := ""
	if len(n.rest) > 0 {
		end = "\n"
	}
	_, err := io.WriteString(n, end+line+"\n")
	return err
}
