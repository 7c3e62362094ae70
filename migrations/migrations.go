// Package migrations brings the data in Redis to the form that this binary
// expects. The steps are an ordered list, each in a file of its own and
// frozen once released: they import nothing of ours, so that a change of a
// key name or stored form elsewhere cannot change what an old step does.
package migrations

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/redis/go-redis/v9"
)

// schemaKey holds the number of the last step that was run.
const schemaKey = "hearth:schema"

// A step changes the data from version n-1 to n. It may be cut short and run
// again from the start, and it runs while no other step does.
type step func(ctx context.Context, rdb redis.UniversalClient) error

// steps returns all steps; the position is the version, from 1. Add at the
// end, change nothing.
func steps() []step {
	return []step{
		first,
	}
}

// Errors of Check and Run; compare with errors.Is.
var (
	// ErrOld: the data are older than the binary, run "hearth migrate".
	ErrOld = errors.New("the data in redis are of an older version: run hearth migrate")
	// ErrNew: the data were written by a newer binary.
	ErrNew = errors.New("the data in redis are of a newer version than this program")
)

// Version is the version of the data that this binary expects.
func Version() int { return len(steps()) }

// Check returns an error when the data are not of the version that this
// binary expects: ErrOld, ErrNew, or Redis does not answer. Everything that
// uses the data calls it before it starts.
func Check(ctx context.Context, rdb redis.UniversalClient) error {
	return check(ctx, rdb, Version())
}

func check(ctx context.Context, rdb redis.UniversalClient, want int) error {
	have, err := version(ctx, rdb)
	switch {
	case err != nil:
		return err
	case have < want:
		return fmt.Errorf("version %d, expected %d: %w", have, want, ErrOld)
	case have > want:
		return fmt.Errorf("version %d, expected %d: %w", have, want, ErrNew)
	}
	return nil
}

// Run runs the steps that the data lack. Any number of processes may call it
// at once: one runs the steps, the others wait for it. Repeating it is
// harmless. It refuses with ErrNew, and then changes nothing.
func Run(ctx context.Context, rdb redis.UniversalClient) error {
	return migrate(ctx, rdb, steps())
}

func migrate(ctx context.Context, rdb redis.UniversalClient, steps []step) error {
	if err := check(ctx, rdb, len(steps)); !errors.Is(err, ErrOld) {
		return err
	}
	return locked(ctx, rdb, func(ctx context.Context) error {
		have, err := version(ctx, rdb) // again: somebody else had the lock
		if err != nil {
			return err
		}
		for n := have + 1; n <= len(steps); n++ {
			if err := steps[n-1](ctx, rdb); err != nil {
				return fmt.Errorf("migrate to version %d: %w", n, err)
			}
			if err := rdb.Set(ctx, schemaKey, n, 0).Err(); err != nil {
				return fmt.Errorf("record version %d: %w", n, err)
			}
		}
		return nil
	})
}

// version returns the version of the data; an empty Redis has version 0.
func version(ctx context.Context, rdb redis.UniversalClient) (int, error) {
	text, err := rdb.Get(ctx, schemaKey).Result()
	if errors.Is(err, redis.Nil) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read the version of the data: %w", err)
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, fmt.Errorf("read the version of the data: %w", err)
	}
	return n, nil
}
