// Package builder makes images of functions: it lays out the files of a
// template with those of a function, as faas-cli does, and has the Docker
// daemon of this machine build them. No registry has a part in it, unless a
// template's base image has to be pulled.
package builder

import (
	"context"
	"fmt"
	"io"

	"github.com/docker/docker/api/types/build"
	"github.com/docker/docker/client"
)

// Builder builds with a Docker daemon. It is safe for concurrent use.
type Builder struct{ docker *client.Client }

// New returns the builder of a daemon; the empty host is the usual socket.
func New(host string) (*Builder, error) {
	options := []client.Opt{client.WithAPIVersionNegotiation()}
	if host != "" {
		options = append(options, client.WithHost(host))
	}
	docker, err := client.NewClientWithOpts(options...)
	if err != nil {
		return nil, fmt.Errorf("make docker client: %w", err)
	}
	return &Builder{docker: docker}, nil
}

// Close gives the connections back.
func (b *Builder) Close() error { return b.docker.Close() }

// Order is an image to be built.
type Order struct {
	Folder string            // with a Dockerfile; see Assemble
	Image  string            // the name that it gets, verbatim
	Args   map[string]string // build arguments
}

// Build builds an image, and writes what the daemon says to progress. An
// error says which step failed, or what is missing.
func (b *Builder) Build(ctx context.Context, o Order, progress io.Writer) error {
	packed, err := pack(o.Folder)
	if err != nil {
		return err
	}
	defer packed.Close()
	args := make(map[string]*string, len(o.Args))
	for name, value := range o.Args {
		args[name] = &value
	}
	answer, err := b.docker.ImageBuild(ctx, packed, build.ImageBuildOptions{
		Tags: []string{o.Image}, BuildArgs: args, Dockerfile: dockerfile, Remove: true, ForceRemove: true, Version: build.BuilderV1,
	})
	if err != nil {
		return fmt.Errorf("build %s: %w", o.Image, err)
	}
	defer answer.Body.Close()
	if err := follow(answer.Body, progress); err != nil {
		return fmt.Errorf("build %s: %w%s", o.Image, err, b.missing(ctx, o.Folder))
	}
	return nil
}
