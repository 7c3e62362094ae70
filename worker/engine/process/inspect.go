package process

import (
	"context"

	"github.com/hearth-faas/hearth/worker/engine"
)

// Inspect says how the process is. A process that has ended is kept until it
// is removed. OOMKilled is never set: the kernel does not tell.
func (p *Process) Inspect(_ context.Context, id string) (engine.Status, error) {
	c, err := p.child(id)
	if err != nil {
		return engine.Status{}, err
	}
	return c.status(), nil
}

// List returns the processes of this engine. Those of an earlier one died
// with it.
func (p *Process) List(context.Context) ([]engine.Listed, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := make([]engine.Listed, 0, len(p.children))
	for _, c := range p.children {
		all = append(all, c.listed())
	}
	return all, nil
}
