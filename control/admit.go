package control

import (
	"context"
	"time"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
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
	a, err := p.db.Admit(ctx, who.Namespace.Name, string(rate), p.perMinute(who, rate), rate == RateInvoke)
	if err != nil {
		return err
	}
	return p.admitted(who, rate, a)
}

// AdmitResolve is Admit for RateInvoke, and Resolve if that admits, in one
// round trip for both (two through a binding).
func (p *Plane) AdmitResolve(ctx context.Context, who core.Subject, name core.Name) (Target, error) {
	a, l, err := p.db.AdmitLookup(ctx, who.Namespace.Name, string(RateInvoke), p.perMinute(who, RateInvoke), name)
	if err != nil {
		return Target{}, err
	}
	if err := p.admitted(who, RateInvoke, a); err != nil {
		return Target{}, err
	}
	if err := reachable(who, name); err != nil {
		return Target{}, err
	}
	return p.target(ctx, who, name, l, false)
}

// perMinute is how many calls of the rate the namespace may make.
func (p *Plane) perMinute(who core.Subject, rate Rate) int {
	rates := p.opt.Rates.Of(who.Namespace.Quota)
	if rate == RateFire {
		return rates.FiresPerMinute
	}
	return rates.InvocationsPerMinute
}

// admitted judges a call that was counted.
func (p *Plane) admitted(who core.Subject, rate Rate, a store.Admission) error {
	if allowed := p.perMinute(who, rate); a.Rate > allowed {
		p.refused(who, LimitRate)
		return throttled(a.Next, "Too many requests in the last minute (count: %d, allowed: %d).", a.Rate, allowed)
	}
	if most := p.opt.Rates.Of(who.Namespace.Quota).ConcurrentInvocations; rate == RateInvoke && a.InFlight >= most {
		p.refused(who, LimitConcurrent)
		return throttled(time.Second, "Too many concurrent requests in flight (count: %d, allowed: %d).", a.InFlight, most)
	}
	return nil
}

func throttled(retry time.Duration, format string, args ...any) error {
	e := core.Errorf(core.KindThrottled, format, args...)
	e.RetryAfter = retry
	return e
}
