package process

import (
	"context"
	"fmt"
	"os"
	"syscall"
	"time"
)

// Remove kills the process group, waits for the process to end and its output
// to be passed on, and deletes its folder.
func (p *Process) Remove(ctx context.Context, id string) error {
	p.mu.Lock()
	c := p.children[id]
	p.mu.Unlock()
	if c == nil {
		return nil
	}
	c.mu.Lock()
	c.signal(syscall.SIGKILL) // works on a stopped group as well
	c.mu.Unlock()
	select {
	case <-c.ended:
	case <-ctx.Done():
		return fmt.Errorf("remove process %s: %w", id, context.Cause(ctx))
	}
	timer := time.NewTimer(removeWait)
	defer timer.Stop()
	select {
	case <-c.drained:
	case <-ctx.Done():
		return fmt.Errorf("remove process %s: %w", id, context.Cause(ctx))
	case <-timer.C:
		for _, pipe := range c.pipes {
			_ = pipe.Close() // ends the copying; a second close is refused
		}
		<-c.drained
	}
	if err := os.RemoveAll(c.dir); err != nil {
		return fmt.Errorf("remove folder of process %s: %w", id, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.children, id)
	return nil
}
