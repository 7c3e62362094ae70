package pool

// Counts are what happened since the pool was made.
type Counts struct {
	Warm, Prewarmed, Cold int64 // containers handed out, by Source
	Evictions             int64 // of idle containers, for room
	FailedStarts          int64
}

func (c *Counts) add(s Source) {
	switch s {
	case SourceWarm:
		c.Warm++
	case SourcePrewarmed:
		c.Prewarmed++
	case SourceCold:
		c.Cold++
	}
}

// Stats is the pool at one moment.
type Stats struct {
	Counts
	// Containers by what they do.
	Starting, Busy, Idle, Paused, Stocked, Removing int
	Waiting                                         int // activations without a container
	Memory, MemoryUsed                              int // MB
}

// Stats returns the present state.
func (p *Pool) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := Stats{Counts: p.counts, Waiting: len(p.waiters), Memory: p.opt.Memory, MemoryUsed: p.used}
	for c := range p.all {
		switch {
		case c.state == removing:
			s.Removing++
		case c.state == starting:
			s.Starting++
		case c.uses > 0:
			s.Busy++
		case c.state == paused:
			s.Paused++
		case c.key == (Key{}):
			s.Stocked++
		default:
			s.Idle++
		}
	}
	return s
}
