package docker

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"

	"github.com/hearth-faas/hearth/worker/engine"
)

// A holder is a container that does nothing but keep a network sandbox, which
// is 60 % of the time that a start takes. One container joins it and takes it
// along when it is removed, so that no two ever share a network.
type holder struct{ id, address string }

type holders struct {
	program []byte      // what a holder runs; nil where there are no holders
	ready   chan holder // all but one of the ready ones: see keepHolders
}

func newHolders(count int, architecture string) holders {
	if count <= 0 {
		return holders{}
	}
	return holders{program: pauseProgram(architecture), ready: make(chan holder, count-1)}
}

// take returns a ready holder, if there is one.
func (h *holders) take() (holder, bool) {
	select {
	case box := <-h.ready:
		return box, true
	default:
		return holder{}, false
	}
}

// pauseImage is made from pauseProgram; the tag is its version.
const (
	pauseImage = "hearth/pause"
	pauseTag   = "1"
	pausePath  = "pause"
	// pauseMemory is for the low-level runtime, which sets a container up within
	// its limit; the program itself takes a page or two.
	pauseMemory = 32
)

// makeHolder starts a holder, and makes its image if that is absent.
func (d *Docker) makeHolder(ctx context.Context) (holder, error) {
	select {
	case d.creates <- struct{}{}:
		defer func() { <-d.creates }()
	case <-ctx.Done():
		return holder{}, fmt.Errorf("wait to create sandbox: %w", context.Cause(ctx))
	}
	id, err := d.createHolder(ctx)
	if errors.Is(err, errNoImage) {
		if err = d.importPause(ctx); err == nil {
			id, err = d.createHolder(ctx)
		}
	}
	if err != nil {
		return holder{}, err
	}
	box := holder{id: id}
	if err = d.start(ctx, id); err == nil {
		box.address, err = d.address(ctx, id)
	}
	if err != nil {
		return holder{}, errors.Join(err, d.kill(context.WithoutCancel(ctx), id))
	}
	return box, nil
}

func (d *Docker) createHolder(ctx context.Context) (string, error) {
	spec := engine.Spec{Image: pauseImage + ":" + pauseTag, Memory: pauseMemory}
	config := &container.Config{
		Image:      spec.Image,
		User:       actionUser,
		Entrypoint: []string{"/" + pausePath},
		Labels:     d.labels(map[string]string{labelRole: roleHolder}),
	}
	host := &container.HostConfig{
		NetworkMode:    container.NetworkMode(d.network),
		CapDrop:        []string{"ALL"},
		SecurityOpt:    []string{"no-new-privileges"},
		LogConfig:      container.LogConfig{Type: "none"},
		ReadonlyRootfs: true,
		Resources: container.Resources{
			Memory: pauseMemory * mb, MemorySwap: pauseMemory * mb,
			PidsLimit: new(int64(pidsLimit)),
		},
	}
	return d.create(ctx, config, host, d.endpoint(), containerName(roleHolder, newName()))
}

// importPause makes the image of the holders. It needs no registry.
func (d *Docker) importPause(ctx context.Context) error {
	var layer bytes.Buffer
	w := tar.NewWriter(&layer)
	err := w.WriteHeader(&tar.Header{Name: pausePath, Mode: 0o755, Size: int64(len(d.holders.program))})
	if err == nil {
		_, err = w.Write(d.holders.program)
	}
	if err = errors.Join(err, w.Close()); err != nil {
		return fmt.Errorf("pack pause image: %w", err)
	}
	return d.call(ctx, "import pause image", createTimeout, func(ctx context.Context) error {
		source := image.ImportSource{Source: &layer, SourceName: "-"}
		progress, err := d.client.ImageImport(ctx, source, pauseImage, image.ImportOptions{Tag: pauseTag})
		if err != nil {
			return err
		}
		return errors.Join(readProgress(progress), progress.Close())
	})
}

// takeHolder returns a ready holder that still runs, or the zero holder. A
// restart of the daemon ends them all.
func (d *Docker) takeHolder(ctx context.Context) holder {
	for {
		box, ok := d.holders.take()
		if !ok {
			return holder{}
		}
		state, err := d.state(ctx, box.id)
		if err == nil && state.Running {
			return box
		}
		d.dropUnwanted(context.WithoutCancel(ctx), box.id)
	}
}
