package docker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hearth-faas/hearth/worker/engine"
)

// probeEvery is the time between two pings: of a daemon that answers, to find
// out that it stopped, and of one that does not, to find out that it is back.
const probeEvery = time.Second

// tripAfter is how many pings in a row must fail to open the breaker. One or
// two can be lost to a host that is busy starting containers.
const tripAfter = 3

// breaker remembers whether the daemon answers. A call that times out proves
// nothing, as a daemon can hang over one container and serve all others; so
// only pings open and close it, and failed calls make the next ping come now.
type breaker struct {
	suspected chan struct{}

	mu       sync.Mutex
	failures int
}

func newBreaker() *breaker { return &breaker{suspected: make(chan struct{}, 1)} }

func (b *breaker) isOpen() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.failures >= tripAfter
}

// record takes the result of a ping, and reports whether it opened or closed
// the breaker.
func (b *breaker) record(ok bool) (changed bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	before := b.failures >= tripAfter
	b.failures++
	if ok {
		b.failures = 0
	}
	return before != (b.failures >= tripAfter)
}

// suspect asks for a ping soon.
func (b *breaker) suspect() {
	select {
	case b.suspected <- struct{}{}:
	default: // one is asked for already
	}
}

// watch pings the daemon until ctx is over.
func (d *Docker) watch(ctx context.Context) {
	timer := time.NewTimer(probeEvery)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-d.breaker.suspected:
		case <-timer.C:
		}
		if err := d.probe(ctx); err != nil && ctx.Err() == nil {
			d.log.DebugContext(ctx, "docker does not answer a ping", "err", err)
		}
		timer.Reset(probeEvery)
	}
}

// probe pings the daemon, open breaker or not, and tells the breaker.
func (d *Docker) probe(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	_, err := d.client.Ping(limited)
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("ping docker: %w", context.Cause(ctx)) // says nothing about the daemon
	}
	if d.breaker.record(err == nil) {
		if err == nil {
			d.log.InfoContext(ctx, "docker answers again")
		} else {
			d.log.ErrorContext(ctx, "docker does not answer", "err", err)
		}
	}
	if err != nil {
		return fmt.Errorf("ping docker: %w", errors.Join(engine.ErrUnavailable, err))
	}
	return nil
}
