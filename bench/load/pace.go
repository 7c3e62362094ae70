package load

import (
	"context"
	"sync/atomic"
	"time"
)

// pace hands out the turns of a run to its workers.
type pace struct {
	begin time.Time
	until time.Time // zero for no bound
	count int64     // 0 for no bound
	step  float64   // nanoseconds between turns; 0 for no schedule
	taken atomic.Int64
}

func newPace(begin time.Time, opt Options) *pace {
	p := &pace{begin: begin, count: int64(opt.Count)}
	if opt.For > 0 {
		p.until = begin.Add(opt.For)
	}
	if opt.Rate > 0 {
		p.step = float64(time.Second) / opt.Rate
	}
	return p
}

// next waits for the caller's turn and returns when it was due; false when
// the run is over.
func (p *pace) next(ctx context.Context) (time.Time, bool) {
	n := p.taken.Add(1) - 1
	if (p.count > 0 && n >= p.count) || ctx.Err() != nil {
		return time.Time{}, false
	}
	if p.step == 0 {
		now := time.Now()
		return now, p.until.IsZero() || now.Before(p.until)
	}
	due := p.begin.Add(time.Duration(float64(n) * p.step))
	if !p.until.IsZero() && !due.Before(p.until) {
		return time.Time{}, false
	}
	wait := time.NewTimer(time.Until(due))
	defer wait.Stop()
	select {
	case <-wait.C:
		return due, true
	case <-ctx.Done():
		return time.Time{}, false
	}
}
