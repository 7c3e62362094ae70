package control

import (
	"context"
	"log/slog"
	"math"
	"strconv"
	"time"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

// Labels of a function that say how it is scaled by load.
const (
	LabelScaleType         = "com.openfaas.scale.type"   // rps or capacity
	LabelScaleTarget       = "com.openfaas.scale.target" // load for each replica
	LabelScaleProportion   = "com.openfaas.scale.target-proportion"
	LabelScaleZero         = "com.openfaas.scale.zero"
	LabelScaleZeroDuration = "com.openfaas.scale.zero-duration"
	LabelScaleDownWindow   = "com.openfaas.scale.down.window"
)

// The defaults of scaling. A function without a target gets a replica for
// every five calls a second: that is where OpenFaaS' alert for a high rate is.
const (
	defaultTarget     = 5
	labelledTarget    = 50 // of one that names a type and no target
	defaultProportion = 0.9
	zeroAfter         = 15 * time.Minute
)

// typeCapacity scales by calls in flight, in place of calls a second.
const typeCapacity = "capacity"

// AutoscaleOptions of an Autoscaler. Zero values mean the defaults.
type AutoscaleOptions struct {
	// Every is the pause between two looks; default 2 s.
	Every time.Duration
	// Window is the time over which the rate of calls is taken, and for which
	// the load must have been low before replicas are taken away, where the
	// function does not say; default 30 s.
	Window time.Duration
}

// Autoscaler sets how many replicas of functions are wanted, by their load.
// Any number of processes may run one: that with the lease works.
type Autoscaler struct {
	plane  *Plane
	holder string
	opt    AutoscaleOptions
	seen   map[core.Name]*load
}

// load is what the autoscaler has seen of a function.
type load struct {
	revision string
	samples  []sample
	wanted   []recommendation
	busy     time.Time // when it was last called
	replicas int       // that were wanted at the last look
}

type sample struct {
	at    time.Time
	calls int // of all time
}

type recommendation struct {
	at       time.Time
	replicas int
}

// Autoscaler makes one, under the name of this process.
func (p *Plane) Autoscaler(holder string, opt AutoscaleOptions) *Autoscaler {
	if opt.Every == 0 {
		opt.Every = 2 * time.Second
	}
	if opt.Window == 0 {
		opt.Window = 30 * time.Second
	}
	return &Autoscaler{plane: p, holder: holder, opt: opt, seen: map[core.Name]*load{}}
}

// Run scales until ctx ends.
func (s *Autoscaler) Run(ctx context.Context) error {
	tick := time.NewTicker(s.opt.Every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		has, err := s.plane.db.Lease(ctx, "autoscaler", s.holder, 5*s.opt.Every)
		switch {
		case err == nil && has:
			err = s.look(ctx, time.Now())
		case err == nil:
			clear(s.seen)
		}
		if err != nil && ctx.Err() == nil {
			s.plane.log.Warn("functions are not scaled", "err", err)
		}
	}
}

// look scales what is to be scaled now.
func (s *Autoscaler) look(ctx context.Context, now time.Time) error {
	all, err := s.plane.db.Deployed(ctx)
	if err != nil {
		return err
	}
	calls := map[string]map[string]int{}
	shares := map[string]map[string][]store.Share{}
	known := map[core.Name]*load{}
	for _, a := range all {
		ns := a.Name.Namespace
		if _, ok := calls[ns]; !ok {
			if calls[ns], err = s.plane.db.Invocations(ctx, ns); err != nil {
				return err
			}
			if shares[ns], err = s.plane.db.Shares(ctx, ns); err != nil {
				return err
			}
		}
		inflight, starting := 0, 0
		for _, share := range shares[ns][a.Name.Local()] {
			inflight += share.Inflight
			starting += share.Starting
		}
		l := s.seen[a.Name]
		if l == nil || l.revision != a.Revision {
			l = &load{revision: a.Revision, busy: now}
		}
		if starting > 0 {
			l.busy = now // somebody may wait for it
		}
		known[a.Name] = l
		want := l.next(a, calls[ns][a.Name.Local()], inflight, now, s.opt.Window)
		if want == a.Replicas {
			continue
		}
		if _, err := s.plane.db.SetReplicas(ctx, a.Name, want); err != nil {
			if core.KindOf(err) == core.KindNotFound {
				continue
			}
			return err
		}
		s.plane.log.Info("function is scaled", slog.String("namespace", ns), slog.String("action", a.Name.Name), slog.Int("replicas", want))
		if err := s.plane.db.AnnounceFunction(ctx, a.Name); err != nil {
			return err
		}
	}
	s.seen = known
	return nil
}

// next returns how many replicas the function shall have.
func (l *load) next(a *core.Action, calls, inflight int, now time.Time, window time.Duration) int {
	if n := len(l.samples); inflight > 0 || n > 0 && l.samples[n-1].calls != calls {
		l.busy = now
	}
	if l.replicas == 0 && a.Replicas > 0 {
		l.busy = now // the call that woke it is held, and not counted yet
	}
	l.replicas = a.Replicas
	l.samples = append(l.samples, sample{now, calls})
	for len(l.samples) > 2 && now.Sub(l.samples[1].at) >= window {
		l.samples = l.samples[1:]
	}
	labels := a.Function.Labels
	if a.Replicas == 0 || labels[LabelScaleFactor] == "0" {
		return a.Replicas // somebody wanted that, or a call wakes it
	}
	if labels[LabelScaleZero] == "true" && now.Sub(l.busy) >= period(labels[LabelScaleZeroDuration], zeroAfter) {
		return 0
	}
	least, most := ScaleBounds(a.Function)
	if least == most {
		return a.Replicas
	}
	total := float64(inflight)
	if labels[LabelScaleType] != typeCapacity {
		total = l.rate()
	}
	want := min(max(int(math.Ceil(total/perReplica(labels))), least), most)
	window = period(labels[LabelScaleDownWindow], window)
	l.wanted = append(l.wanted, recommendation{now, want})
	for len(l.wanted) > 0 && now.Sub(l.wanted[0].at) > window {
		l.wanted = l.wanted[1:]
	}
	if want >= a.Replicas {
		if want == least {
			return a.Replicas // one who set less than the least is heeded
		}
		return want
	}
	if now.Sub(l.samples[0].at) < window {
		return a.Replicas // it has not been watched for long enough
	}
	for _, r := range l.wanted {
		want = max(want, r.replicas)
	}
	return min(want, a.Replicas)
}

// rate is the calls a second within the window.
func (l *load) rate() float64 {
	first, last := l.samples[0], l.samples[len(l.samples)-1]
	took := last.at.Sub(first.at).Seconds()
	if took <= 0 {
		return 0
	}
	return float64(last.calls-first.calls) / took
}

// perReplica is the load that a replica shall have.
func perReplica(labels map[string]string) float64 {
	proportion := defaultProportion
	if p, err := strconv.ParseFloat(labels[LabelScaleProportion], 64); err == nil && p > 0 && p <= 1 {
		proportion = p
	}
	if t, err := strconv.ParseFloat(labels[LabelScaleTarget], 64); err == nil && t > 0 {
		return t * proportion
	}
	if labels[LabelScaleType] != "" {
		return labelledTarget * proportion
	}
	return defaultTarget
}

// period reads a label that is one.
func period(text string, other time.Duration) time.Duration {
	if d, err := time.ParseDuration(text); err == nil && d > 0 {
		return d
	}
	return other
}
