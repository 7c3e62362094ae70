package pool

// Wait is what an activation without a container waits for.
type Wait string

// What it may be.
const (
	WaitStart     Wait = "start"     // its container starts, or has to wait for others that do
	WaitMemory    Wait = "memory"    // the budget of memory is used up
	WaitInstances Wait = "instances" // the action may have no more containers
	WaitOthers    Wait = "others"    // a container in use will be free sooner than a new one
)

// Why says what an activation with this need waits for at the moment.
func (p *Pool) Why(need Need) Wait {
	p.mu.Lock()
	defer p.mu.Unlock()
	live, coming := 0, 0
	if g := p.groups[need.Key]; g != nil {
		live, coming = g.slots()
		if need.Instances > 0 && coming == 0 && g.instances() >= need.Instances {
			return WaitInstances
		}
	}
	switch {
	case coming > 0:
		return WaitStart
	case p.used+need.Memory > p.opt.Memory:
		return WaitMemory
	case live > 0:
		return WaitOthers
	}
	return WaitStart
}
