package docker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/distribution/reference"
	"github.com/docker/docker/api/types/image"

	"github.com/hearth-faas/hearth/worker/engine"
)

// pulls are those that go on. All who want an image at once wait for one pull
// of it.
type pulls struct {
	mu    sync.Mutex
	going map[string]*pulling
}

type pulling struct {
	done chan struct{}
	err  error // set before done is closed
}

// refresh pulls an image that may have changed in its registry. The rules are
// OpenWhisk's: without a tag, or with "latest", the image must come from the
// registry; with another tag the one that is here will do. A digest names its
// content, so the image that is here is the right one.
func (d *Docker) refresh(ctx context.Context, name string) error {
	named, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		return fmt.Errorf("%w: read image name %q: %w", engine.ErrImage, name, err)
	}
	here, err := d.imageHere(ctx, name)
	if err != nil {
		return err
	}
	if _, ok := named.(reference.Digested); ok && here {
		return nil
	}
	err = d.pull(ctx, name)
	tagged, ok := named.(reference.Tagged)
	if here && ok && tagged.Tag() != "latest" && errors.Is(err, engine.ErrImage) {
		d.log.WarnContext(ctx, "image not refreshed, the one here is used", "image", name, "err", err)
		return nil
	}
	return err
}

// imageHere reports whether the daemon has the image.
func (d *Docker) imageHere(ctx context.Context, name string) (bool, error) {
	err := d.call(ctx, "inspect image "+name, queryTimeout, func(ctx context.Context) error {
		_, err := d.client.ImageInspect(ctx, name)
		return err
	})
	if cerrdefs.IsNotFound(err) {
		return false, nil
	}
	return err == nil, err
}

// pull waits for the pull of an image, which it starts if none goes on. The
// pull does not end with ctx: others may wait for it, or come back for it.
func (d *Docker) pull(ctx context.Context, name string) error {
	d.pulls.mu.Lock()
	p := d.pulls.going[name]
	if p == nil {
		p = &pulling{done: make(chan struct{})}
		if d.pulls.going == nil {
			d.pulls.going = map[string]*pulling{}
		}
		d.pulls.going[name] = p
		go d.runPull(context.WithoutCancel(ctx), name, p)
	}
	d.pulls.mu.Unlock()
	select {
	case <-p.done:
		return p.err
	case <-ctx.Done():
		return fmt.Errorf("wait for pull of %s: %w", name, context.Cause(ctx))
	}
}

func (d *Docker) runPull(ctx context.Context, name string, p *pulling) {
	err := d.call(ctx, "pull "+name, pullTimeout, func(ctx context.Context) error {
		login, err := d.login(name)
		if err != nil {
			return err
		}
		progress, err := d.client.ImagePull(ctx, name, image.PullOptions{RegistryAuth: login})
		if err != nil {
			return err
		}
		return errors.Join(readProgress(progress), progress.Close())
	})
	if err != nil && !errors.Is(err, engine.ErrUnavailable) {
		err = fmt.Errorf("%w: %w", engine.ErrImage, err)
	}
	p.err = err
	d.pulls.mu.Lock()
	delete(d.pulls.going, name)
	d.pulls.mu.Unlock()
	close(p.done)
}

// readProgress reads to the end what the daemon tells of its work on an image:
// it does the work only as long as someone listens, and says there whether it
// failed.
func readProgress(r io.Reader) error {
	for lines := json.NewDecoder(r); ; {
		var line struct{ Error string }
		if err := lines.Decode(&line); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("read progress: %w", err)
		}
		if line.Error != "" {
			return errors.New(line.Error)
		}
	}
}
