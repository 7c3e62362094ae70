package control

import "github.com/hearth-faas/hearth/core"

// Limit names a bound of a namespace that refused a call, in the words of
// OpenWhisk's user events.
type Limit string

// The limits.
const (
	LimitRate       Limit = "TimedRateLimit"
	LimitConcurrent Limit = "ConcurrentRateLimit"
)

// Observer is told of what happens in this process. Its functions, any of
// which may be nil, are called on the path of calls: they must not wait.
type Observer struct {
	// Ended is told of each activation that this process ended, and how; of one
	// whose end was written twice, because the first answer was lost, twice.
	// Fired triggers are none.
	Ended func(a *core.Activation, out core.Outcome)
	// Refused is told of each call that a limit refused.
	Refused func(who core.Subject, limit Limit)
}

func (p *Plane) ended(a *core.Activation, out core.Outcome) {
	if p.opt.Observer.Ended != nil {
		p.opt.Observer.Ended(a, out)
	}
}

func (p *Plane) refused(who core.Subject, limit Limit) {
	if p.opt.Observer.Refused != nil {
		p.opt.Observer.Refused(who, limit)
	}
}
