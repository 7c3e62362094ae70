package callback

import (
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

// Backoff says when a delivery is attempted again.
type Backoff struct {
	// First is the wait after the first attempt, and each wait is three times
	// the one before, up to Most; 0 means 5 s and 1 h.
	First, Most time.Duration
}

func (b Backoff) orDefault() Backoff {
	if b.First <= 0 {
		b.First = 5 * time.Second
	}
	if b.Most <= 0 {
		b.Most = time.Hour
	}
	return b
}

// wait returns the time to the next attempt after that many; chance, from 0
// to 1, spreads it over its upper half, so that what failed together does not
// come together again.
func (b Backoff) wait(tries int, chance float64) time.Duration {
	b = b.orDefault()
	d := b.First
	for range min(tries-1, 30) {
		d = min(3*d, b.Most)
	}
	d = min(d, b.Most)
	return d/2 + time.Duration(chance*float64(d/2))
}

func (b Backoff) next(tries int) time.Duration {
	return b.wait(tries, rand.Float64()) //nolint:gosec // no secret depends on it
}

// retryAfter reads the header of that name, where the status gives it a
// meaning: seconds, or a date.
func retryAfter(status int, h http.Header, now time.Time) time.Duration {
	if status != http.StatusTooManyRequests && status != http.StatusServiceUnavailable {
		return 0
	}
	text := h.Get("Retry-After")
	if n, err := strconv.Atoi(text); err == nil {
		return time.Duration(min(max(n, 0), 1<<30)) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}
