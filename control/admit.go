package control

import (
	"context"
	"time"

	"github.com/hearth-faas/hearth/core"
)

// Rate names a counter of a namespace's calls in the current minute.
type Rate string

// The rates.
const (
	RateInvoke Rate = "invoke"
	RateFire   Rate = "fire"
)

// Admit counts one call against the namespace's rate and checks, for
// RateInvoke, the number of activations in flight. The Error is of
// KindThrottled, the count is raised also for a rejected call. The minute is
// the wall clock's, as Redis has it, so that all API servers share it.
func (p *Plane) Admit(ctx context.Context, who core.Subject, rate Rate) error {
	rates := p.opt.Rates.Of(who.Namespace.Quota)
	allowed := rates.InvocationsPerMinute
	if rate == RateFire {
		allowed = rates.FiresPerMinute
	}
	a, err := p.db.Admit(ctx, who.Namespace.Name, string(rate), allowed, rate == RateInvoke)
	if err != nil {
		return err
	}
	if a.Rate > allowed {
		return throttled(a.Next, "Too many requests in the last minute (count: %d, allowed: %d).", a.Rate, allowed)
	}
	if rate == RateInvoke && a.InFlight >= rates.ConcurrentInvocations {
		return throttled(time.Second, "Too many concurrent requests in flight (count: %d, allowed: %d).",
			a.InFlight, rates.ConcurrentInvocations)
	}
	return nil
}

func throttled(retry time.Duration, format string, args ...any) error {
	e := core.Errorf(core.KindThrottled, format, args...)
	e.RetryAfter = retry
	return e
}
