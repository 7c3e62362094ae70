package worker

import (
	"context"
	"time"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/worker/pool"
	"github.com/hearth-faas/hearth/worker/protocol/whisk"
)

const (
	// reporting is how long a result is held while the store does not answer.
	reporting = 5 * time.Minute
	// closing is how long a runtime has to close the logs after its answer, or
	// a killed container to end; unmarked is the same for a runtime that does
	// not mark the end, and the logs are then taken for complete.
	closing  = 2 * time.Second
	unmarked = 100 * time.Millisecond
	// promptly is how long an answer is held for logs that are on their way: to
	// store them together saves a write, and frees the container earlier.
	promptly = 5 * time.Millisecond
	// inline is the most bytes of logs that are stored together with the
	// result: more would make the caller wait.
	inline = 32 << 10
)

// The lines that the platform adds to an activation's logs.
const (
	lineIssue = "There was an issue while collecting your logs. Data might be missing."
	lineError = "The action did not initialize or run as expected. Log data might be missing."
)

// prompt ends the job in one write when the logs are there already, as they
// are after most short runs. It reports false when they are not.
func (j *job) prompt(ctx context.Context, lease *pool.Lease, v *verdict) bool {
	lines, ok := []string{}, j.a.Limits.Logs == 0
	if ok {
		v.capture.End()
	} else {
		if j.kind.Sentinelled {
			v.capture.WaitFor(promptly)
		}
		if lines, ok = v.capture.EndIfClosed(inline); !ok {
			return false
		}
	}
	lease.Release()
	v.out.Logs = lines
	j.finish(ctx, v.out, v.at)
	return true
}

// lines are the logs of an activation.
type lines struct {
	text     []string
	complete bool // the container has nothing more to say of it
}

// logs waits for the end of the logs and returns them.
func (j *job) logs(ctx context.Context, v verdict) lines {
	if j.a.Limits.Logs == 0 {
		v.capture.End()
		return lines{[]string{}, true}
	}
	wait := closing
	if !j.kind.Sentinelled && v.what == answered {
		wait = unmarked
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), wait)
	defer cancel()
	complete := v.capture.Wait(ctx)
	l := lines{v.capture.End(), complete || !j.kind.Sentinelled}
	if !l.complete && v.what == answered {
		l.text = append(l.text, whisk.Line(time.Now(), "stderr", lineIssue))
	}
	if v.out.Status == core.StatusDeveloperError {
		l.text = append(l.text, whisk.Line(time.Now(), "stderr", lineError))
	}
	if l.text == nil {
		l.text = []string{}
	}
	return l
}

// finish ends the activation with the outcome, which was known at that time.
func (j *job) finish(ctx context.Context, out core.Outcome, at time.Time) {
	out.End = at
	if out.Start = j.began; j.began.IsZero() {
		out.Start = at // it did not run
	}
	out.Duration = out.End.Sub(out.Start)
	out.InitTime = j.init
	out.WaitTime = max(0, out.Start.Sub(j.a.Accepted))
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), reporting)
	defer cancel()
	err := persist(ctx, func(ctx context.Context) error { return j.w.deps.Plane.Finish(ctx, j.a, out) })
	if err != nil {
		j.log.Error("outcome was not stored", "status", out.Status.String(), "err", err)
		return
	}
	j.w.tally.end(out)
	j.log.Info("activation ended", "status", out.Status.String(), "reason", string(out.Reason), "start", j.source.String(),
		"wait", out.WaitTime, "init", out.InitTime, "duration", out.Duration)
}

func (j *job) addLogs(ctx context.Context, text []string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), reporting)
	defer cancel()
	err := persist(ctx, func(ctx context.Context) error { return j.w.deps.Plane.AddLogs(ctx, j.a, text) })
	if err != nil {
		j.log.Error("logs were not stored", "err", err)
	}
}

// requeue gives the activation back. If that cannot be written, the platform
// finds it when its deadline is over.
func (j *job) requeue(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	err := persist(ctx, func(ctx context.Context) error { return j.w.deps.Plane.Requeue(ctx, j.a) })
	if err != nil {
		j.log.Warn("activation was not given back", "err", err)
		return
	}
	j.w.tally.requeued.Add(1)
}
