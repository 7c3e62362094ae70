package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"
)

// stage is a part of the program. Its start prepares it, and returns once
// later stages may use it; its run then goes on until its context ends. Either
// may be nil.
type stage struct {
	name  string
	start func(ctx context.Context) error
	run   func(ctx context.Context) error
}

// runStages starts the stages in order and runs them until ctx ends or one of
// them fails. Then it stops them one by one from the last to the first, so
// that each may use those before it until its own end. It returns nil after
// an orderly stop.
func runStages(ctx context.Context, stages ...stage) error {
	group, running := errgroup.WithContext(ctx)
	var stops []func()
	err := func() error {
		for _, s := range stages {
			if s.start != nil {
				if err := s.start(running); err != nil {
					return fmt.Errorf("start %s: %w", s.name, err)
				}
			}
			if s.run != nil {
				stops = append(stops, launch(ctx, group, s))
			}
		}
		<-running.Done()
		return nil
	}()
	for _, stop := range slices.Backward(stops) {
		stop()
	}
	if failed := group.Wait(); failed != nil {
		return failed // the start of another was broken off by it
	}
	if err != nil && ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil // asked to end before everything had begun
	}
	return err
}

// launch runs a stage, and returns what ends it.
func launch(ctx context.Context, group *errgroup.Group, s stage) (stop func()) {
	// Not a child of the group's: a stage learns of the stop when its turn comes.
	own, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	group.Go(func() error {
		defer close(done)
		err := s.run(own)
		switch {
		case err != nil && !(own.Err() != nil && errors.Is(err, context.Canceled)):
			return fmt.Errorf("run %s: %w", s.name, err)
		case own.Err() == nil:
			return fmt.Errorf("run %s: it ended by itself", s.name)
		}
		return nil
	})
	return func() {
		cancel()
		<-done
	}
}
