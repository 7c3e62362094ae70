package docker

import (
	"context"
	"errors"
	"fmt"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/client"

	"github.com/hearth-faas/hearth/worker/engine"
)

// The longest that one call to the daemon may take. They are OpenWhisk's
// where it has them: they must hold on a host that starts many containers.
const (
	pingTimeout   = 5 * time.Second
	greetTimeout  = 30 * time.Second // the first ping, where no breaker counts
	pauseTimeout  = 10 * time.Second
	queryTimeout  = time.Minute
	createTimeout = time.Minute
	startTimeout  = time.Minute
	removeTimeout = time.Minute
	pullTimeout   = 10 * time.Minute
)

// call runs one call to the daemon within its limit, and turns failures into
// the errors of the engine's contract. While the breaker is open it fails at
// once.
func (d *Docker) call(ctx context.Context, doing string, limit time.Duration, do func(context.Context) error) error {
	if d.breaker.isOpen() {
		return fmt.Errorf("%s: %w", doing, engine.ErrUnavailable)
	}
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := do(limited)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("%s: %w", doing, context.Cause(ctx))
	case limited.Err() != nil:
		d.breaker.suspect()
		return fmt.Errorf("%s: %w: no answer for %s", doing, engine.ErrUnavailable, limit)
	case client.IsErrConnectionFailed(err):
		d.breaker.suspect()
		return fmt.Errorf("%s: %w: %w", doing, engine.ErrUnavailable, err)
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// gone turns the daemon's "no such container" into ErrGone.
func gone(err error) error {
	if cerrdefs.IsNotFound(err) {
		return fmt.Errorf("%w: %w", engine.ErrGone, err)
	}
	return err
}

// forgive returns nil for an error that is one of the given kinds.
func forgive(err error, kinds ...error) error {
	for _, kind := range kinds {
		if errors.Is(err, kind) {
			return nil
		}
	}
	return err
}
