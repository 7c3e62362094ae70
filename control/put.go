package control

import (
	"context"
	"errors"

	"github.com/hearth-faas/hearth/store"
)

// writing is what a PUT does with an entity of one type. Its functions may be
// called several times: a lost race is run again.
type writing[T any] struct {
	// read returns what is there, or store.ErrNotFound.
	read func() (*T, error)
	// create and change apply the body of the PUT.
	create func() (*T, error)
	change func(old *T) (*T, error)
	// check refuses what may not be written.
	check func(*T) error
	// write replaces old, if it is still there; the zero entity, which has no
	// revision, for a new one.
	write func(entity, old *T) error
}

// put creates an entity or, with overwrite, changes it. A change that loses a
// race is made again from what the winner wrote. store.ErrExists without
// overwrite.
func put[T any](ctx context.Context, overwrite bool, w writing[T]) (*T, error) {
	var entity *T
	err := retry(ctx, func() error {
		old, err := w.read()
		switch {
		case errors.Is(err, store.ErrNotFound):
			old = new(T)
			entity, err = w.create()
		case err != nil:
		case !overwrite:
			err = store.ErrExists
		default:
			entity, err = w.change(old)
		}
		if err != nil {
			return err
		}
		if err := w.check(entity); err != nil {
			return err
		}
		err = w.write(entity, old)
		if overwrite {
			err = lost(err)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return entity, nil
}
