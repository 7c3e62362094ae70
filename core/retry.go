package core

import (
	"slices"
	"time"
)

// Bounds of a Retry.
const (
	MaxAttempts    = 10
	MaxBackoff     = time.Hour
	DefaultBackoff = time.Second
)

// Retry says how often an activation may run, and after which failures. The
// zero value is one run.
type Retry struct {
	// Attempts is how many runs there may be; 0 and 1 mean that it is never sent
	// twice.
	Attempts int
	// Backoff is the pause before the second run; each is twice as long as the
	// one before, up to MaxBackoff. 0 means DefaultBackoff.
	Backoff time.Duration
	// Codes are the ends after which it runs again: the numbers of
	// StatusApplicationError and StatusDeveloperError, and from 100 on a status
	// code in the result. nil means the first two.
	Codes []int
}

// After returns the pause before the next run of one that has failed tries
// times before and now ended with the status and, in its result, code (0 for
// none). ok is false when there is to be no other.
func (r Retry) After(tries int, status Status, code int) (pause time.Duration, ok bool) {
	if tries+1 >= min(r.Attempts, MaxAttempts) || status != StatusApplicationError && status != StatusDeveloperError {
		return 0, false
	}
	if r.Codes != nil && !slices.Contains(r.Codes, int(status)) && (code < 100 || !slices.Contains(r.Codes, code)) {
		return 0, false
	}
	return r.pause(tries), true
}

func (r Retry) pause(tries int) time.Duration {
	pause := r.Backoff
	if pause <= 0 {
		pause = DefaultBackoff
	}
	for range tries {
		pause = min(2*pause, MaxBackoff)
	}
	return min(pause, MaxBackoff)
}

// Longest is how long all runs may take together, each of them limit, with the
// pauses in between.
func (r Retry) Longest(limit time.Duration) time.Duration {
	total := limit
	for tries := range max(0, min(r.Attempts, MaxAttempts)-1) {
		total += r.pause(tries) + limit
	}
	return total
}
