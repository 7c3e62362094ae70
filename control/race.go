package control

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/hearth-faas/hearth/store"
)

// How often a read-modify-write is tried, and the longest pause between two
// attempts. Every round one of the competitors wins, so this many must keep
// writing the same entity to make one of them fail.
const (
	attempts = 50
	maxPause = 20 * time.Millisecond
)

// lostRace is the error of a write that met a change since its read.
type lostRace struct{ error }

func (l lostRace) Unwrap() error { return l.error }

// lost marks the error of a write that was based on a read, when it says that
// the entity appeared, changed or went since.
func lost(err error) error {
	if errors.Is(err, store.ErrChanged) || errors.Is(err, store.ErrExists) || errors.Is(err, store.ErrNotFound) {
		return lostRace{err}
	}
	return err
}

// retry repeats a read-modify-write as long as it loses races.
func retry(ctx context.Context, do func() error) error {
	for n := range attempts {
		err := do()
		if _, ok := errors.AsType[lostRace](err); !ok {
			return err
		}
		pause := min(time.Duration(n+1)*time.Millisecond, maxPause)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(rand.N(pause)):
		}
	}
	return store.ErrChanged
}
