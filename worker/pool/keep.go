package pool

import "maps"

// Keep says of which actions so many containers are not removed for being
// idle, in place of what it said before; their room is taken last.
func (p *Pool) Keep(counts map[Key]int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.kept = maps.Clone(counts)
}

// Holds returns how many containers hold the action or will.
func (p *Pool) Holds(key Key) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if g := p.groups[key]; g != nil {
		return g.instances()
	}
	return 0
}

// keeps says whether c is needed so that enough are kept of its action.
func (p *Pool) keeps(c *container) bool {
	n := p.kept[c.key]
	return n > 0 && c.ready && p.groups[c.key].instances() <= n
}
