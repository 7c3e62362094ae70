package callback

import "sync/atomic"

// Stats count what one Sender has done.
type Stats struct{ attempts, delivered, retries, dead atomic.Int64 }

// Counts are Stats at one moment.
type Counts struct {
	Attempts  int64 // calls of receivers, and hand-overs to actions and triggers
	Delivered int64
	Retries   int64 // attempts that failed and are to be repeated
	Dead      int64 // deliveries given up
	Busy      int   // attempts under way
}

// Counts returns the present numbers.
func (s *Sender) Counts() Counts {
	s.mu.Lock()
	busy := s.busy
	s.mu.Unlock()
	return Counts{
		Attempts: s.stats.attempts.Load(), Delivered: s.stats.delivered.Load(),
		Retries: s.stats.retries.Load(), Dead: s.stats.dead.Load(), Busy: busy,
	}
}
