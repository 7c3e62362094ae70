package docker

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/docker/docker/api/types/container"
	dockernetwork "github.com/docker/docker/api/types/network"

	"github.com/hearth-faas/hearth/worker/engine"
)

// foreignPort is where foreign images listen: OpenWhisk's contract, and that
// of both OpenFaaS watchdogs.
const foreignPort = "8080"

// errNoImage says that the daemon does not have the image.
var errNoImage = errors.New("no such image here")

// Create pulls the image if need be, makes the container, attaches, starts it,
// and waits until it accepts connections.
func (d *Docker) Create(ctx context.Context, spec engine.Spec) (engine.Container, error) {
	if spec.Runtime == "" {
		spec.Runtime = d.options.Runtime
	}
	if spec.ReadyTimeout == 0 {
		spec.ReadyTimeout = engine.DefaultReadyTimeout
	}
	c, h, err := d.createAndPull(ctx, spec)
	if err != nil && (h == nil || h.stream == nil) {
		spec.Output.End() // no stream that would
	}
	return c, err
}

func (d *Docker) createAndPull(ctx context.Context, spec engine.Spec) (engine.Container, *held, error) {
	if spec.Refresh {
		if err := fetch(spec, func() error { return d.refresh(ctx, spec.Image) }); err != nil {
			return engine.Container{}, nil, err
		}
	}
	c, h, err := d.launch(ctx, spec)
	if errors.Is(err, errNoImage) {
		if err := fetch(spec, func() error { return d.pull(ctx, spec.Image) }); err != nil {
			return engine.Container{}, nil, err
		}
		c, h, err = d.launch(ctx, spec)
	}
	if errors.Is(err, errNoImage) {
		err = fmt.Errorf("%w: %w", engine.ErrImage, err)
	}
	return c, h, err
}

// fetch gets the image, and tells the one who wants to know.
func fetch(spec engine.Spec, get func() error) error {
	if spec.Pulling != nil {
		spec.Pulling(true)
		defer spec.Pulling(false)
	}
	return get()
}

// launch makes one container of an image that is here. Its place among the
// creates is free again once the daemon has done its part.
func (d *Docker) launch(ctx context.Context, spec engine.Spec) (engine.Container, *held, error) {
	select {
	case d.creates <- struct{}{}:
	case <-ctx.Done():
		return engine.Container{}, nil, fmt.Errorf("wait to create container: %w", context.Cause(ctx))
	}
	h := &held{}
	c, err := d.boot(ctx, spec, h)
	<-d.creates
	if err != nil {
		return engine.Container{}, h, err
	}
	if err := d.awaitReady(ctx, spec, c); err != nil {
		err = fmt.Errorf("start %s: %w", spec.Image, err)
		return engine.Container{}, h, errors.Join(err, d.Remove(context.WithoutCancel(ctx), c.ID))
	}
	return c, h, nil
}

// boot makes, attaches to and starts a container, in a ready sandbox if there
// is one. After a failure nothing of it is left, nor of the sandbox.
func (d *Docker) boot(ctx context.Context, spec engine.Spec, h *held) (c engine.Container, err error) {
	var box holder
	if spec.Runtime == "" {
		box = d.takeHolder(ctx)
	}
	h.holder = box.id
	defer func() {
		if err != nil {
			err = errors.Join(err, d.discard(context.WithoutCancel(ctx), c.ID, h))
		}
	}()
	if c.ID, err = d.makeContainer(ctx, spec, h); err != nil {
		return c, err
	}
	var dir string
	if socketed(spec) { // others may have a folder for files only
		dir = d.folder(h.dir)
	}
	if h.stream, err = d.attach(ctx, c.ID, dir, spec.Output); err != nil {
		return c, err
	}
	if err = d.start(ctx, c.ID); err != nil {
		return c, err
	}
	d.mu.Lock()
	d.held[c.ID] = h
	d.mu.Unlock()
	if socketed(spec) {
		c.Network, c.Address = "unix", socketPath(d.folder(h.dir))
		return c, nil
	}
	if box.address == "" {
		if box.address, err = d.address(ctx, c.ID); err != nil {
			return c, err
		}
	}
	c.Network, c.Address = "tcp", net.JoinHostPort(box.address, foreignPort)
	return c, nil
}

// makeContainer asks the daemon for a container and returns its id.
func (d *Docker) makeContainer(ctx context.Context, spec engine.Spec, h *held) (id string, err error) {
	labels := d.labels(spec.Labels)
	unique := newName()
	var dir string
	if socketed(spec) {
		if dir, err = d.makeFolder(unique); err != nil {
			return "", err
		}
		h.dir, labels[labelDir] = unique, unique
	}
	if len(spec.Files) > 0 {
		dir, h.dir, labels[labelDir] = d.folder(unique), unique, unique
		if err := writeFiles(dir+filesSuffix, spec.Files); err != nil {
			return "", err
		}
	}
	network, endpoint := d.network, d.endpoint()
	if h.holder != "" {
		network, endpoint = "container:"+h.holder, nil
		labels[labelHolder] = h.holder
	}
	config, host := containerConfig(spec, labels), hostConfig(spec, network, dir)
	return d.create(ctx, config, host, endpoint, containerName(spec.Name, unique))
}

// create returns errNoImage when the image is what is missing. The daemon makes
// a container also for a caller who has hung up, so the call goes on without
// ctx, and what nobody waits for any more is removed.
func (d *Docker) create(ctx context.Context, config *container.Config, host *container.HostConfig,
	endpoint *dockernetwork.NetworkingConfig, name string,
) (string, error) {
	var id string
	var err error
	done := make(chan struct{})
	detached := context.WithoutCancel(ctx)
	d.background.Go(func() {
		defer close(done)
		err = d.call(detached, "create container "+name, createTimeout, func(ctx context.Context) error {
			made, err := d.client.ContainerCreate(ctx, config, host, endpoint, nil, name)
			id = made.ID
			return err
		})
	})
	select {
	case <-done:
	case <-ctx.Done():
		d.background.Go(func() {
			<-done
			d.dropUnwanted(detached, id)
		})
		return "", fmt.Errorf("create container %s: %w", name, context.Cause(ctx))
	}
	if err = gone(err); errors.Is(err, engine.ErrGone) {
		here, lookErr := d.imageHere(ctx, config.Image)
		if lookErr == nil && !here {
			return "", fmt.Errorf("create container of %s: %w", config.Image, errNoImage)
		}
	}
	return id, err
}

// dropUnwanted removes a container that no caller waits for.
func (d *Docker) dropUnwanted(ctx context.Context, id string) {
	if id == "" {
		return
	}
	if err := d.kill(ctx, id); err != nil {
		d.log.WarnContext(ctx, "container left behind", "container", id, "err", err)
	}
}

// start starts a container. The daemon notes exit codes 126 and 127 on one
// whose program it could not run, as a shell does.
func (d *Docker) start(ctx context.Context, id string) error {
	err := d.call(ctx, "start container "+id, startTimeout, func(ctx context.Context) error {
		return d.client.ContainerStart(ctx, id, container.StartOptions{})
	})
	if err == nil || errors.Is(err, engine.ErrUnavailable) || ctx.Err() != nil {
		return err
	}
	if state, lookErr := d.state(ctx, id); lookErr == nil && noCommand(state.ExitCode) {
		return fmt.Errorf("%w: %w", engine.ErrCommand, err)
	}
	return err
}

func noCommand(exitCode int) bool { return exitCode == 126 || exitCode == 127 }

// containerName makes a name that the daemon accepts, and no other container
// has.
func containerName(hint, unique string) string {
	name := []byte("hearth-" + hint)
	for i, b := range name {
		switch {
		case b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z', b >= '0' && b <= '9', b == '-', b == '.':
		default:
			name[i] = '_'
		}
	}
	return string(name[:min(len(name), 60)]) + "-" + unique
}
