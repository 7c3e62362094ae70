package watchdog

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

// AwaitReady returns nil once the replica is ready: it accepts connections,
// and answers the probe well, or shows by 404 or 405 that it is no watchdog.
// It polls, and returns ctx's cause when that is over before.
func (c *Client) AwaitReady(ctx context.Context, p Probe) error {
	if !pause(ctx, p.Initial) {
		return fmt.Errorf("wait for the replica's first probe: %w", context.Cause(ctx))
	}
	var locked time.Time // since when it has answered 503 without a break
	for well := 0; ; {
		status, err := c.Probe(ctx, p)
		switch {
		case err == nil && healthy(status):
			if well++; well >= p.Successes {
				return nil
			}
		case err == nil && status == http.StatusServiceUnavailable && p.Locked:
			if well = 0; locked.IsZero() {
				locked = time.Now()
			}
			if time.Since(locked) >= p.Grace {
				return nil
			}
		default:
			well, locked = 0, time.Time{}
		}
		if !pause(ctx, p.Period) {
			return fmt.Errorf("wait for the replica's probe of %s: %w", p.Path, context.Cause(ctx))
		}
	}
}

// healthy says whether the answer to a probe lets calls in.
func healthy(status int) bool {
	return status >= 200 && status < 400 || status == http.StatusNotFound || status == http.StatusMethodNotAllowed
}

// Live asks once whether the replica is well, as AwaitReady does.
func (c *Client) Live(ctx context.Context, p Probe) bool {
	status, err := c.Probe(ctx, p)
	return err == nil && (healthy(status) || p.Locked && status == http.StatusServiceUnavailable)
}

// Probe asks once, and returns the status of the answer.
func (c *Client) Probe(ctx context.Context, p Probe) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, p.Timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+c.address+p.Path, nil)
	if err != nil {
		return 0, fmt.Errorf("make probe: %w", err)
	}
	r.Header.Set("User-Agent", "kube-probe/hearth") // watchdogs leave these out of their logs
	res, err := c.transport.RoundTrip(r)
	if err != nil {
		return 0, fmt.Errorf("probe replica: %w", err)
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 4<<10)) // so that the connection can be used again
	return res.StatusCode, nil
}

// pause waits, and reports false when ctx is over first.
func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
