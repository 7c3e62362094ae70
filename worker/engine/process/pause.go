package process

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/hearth-faas/hearth/worker/engine"
)

const (
	pauseTimeout = 10 * time.Second
	pausePoll    = time.Millisecond
)

// Pause stops the process group, and returns when the kernel shows each of
// its threads as stopped: SIGSTOP is only a request.
func (p *Process) Pause(ctx context.Context, id string) error {
	c, err := p.child(id)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, pauseTimeout)
	defer cancel()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.paused && !c.over {
		return nil
	}
	if !c.signal(syscall.SIGSTOP) {
		return fmt.Errorf("pause process %s: %w", id, engine.ErrGone)
	}
	c.paused = true
	if err := awaitStopped(ctx, c.pid); err != nil {
		c.paused = !c.signal(syscall.SIGCONT)
		return fmt.Errorf("pause process %s: %w", id, err)
	}
	return nil
}

func awaitStopped(ctx context.Context, group int) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		stopped, err := groupStopped(group)
		if err != nil || stopped {
			return err
		}
		timer.Reset(pausePoll)
		select {
		case <-ctx.Done():
			return errors.Join(errors.New("not all threads have stopped"), context.Cause(ctx))
		case <-timer.C:
		}
	}
}

// Resume lets the process group run on.
func (p *Process) Resume(_ context.Context, id string) error {
	c, err := p.child(id)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.over && !c.paused {
		return nil
	}
	if !c.signal(syscall.SIGCONT) {
		return fmt.Errorf("resume process %s: %w", id, engine.ErrGone)
	}
	c.paused = false
	return nil
}
