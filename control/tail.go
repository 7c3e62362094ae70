package control

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

const (
	// tailPoll is the pause between two looks at an activation that somebody
	// watches. A worker writes as often.
	tailPoll = 200 * time.Millisecond
	// tailAsk is how often its worker is asked to go on writing.
	tailAsk = 5 * time.Second
	// TailIdle is the longest that Tail sends nothing.
	TailIdle = 15 * time.Second
)

// LogPosition is a place in the lines of an activation. Its zero value is the
// beginning.
type LogPosition struct {
	// Attempt is which run of the activation the lines are of: one that has to
	// run again begins anew.
	Attempt int
	Line    int // from 0
}

// String returns the position in a form for ParseLogPosition.
func (p LogPosition) String() string { return strconv.Itoa(p.Attempt) + "-" + strconv.Itoa(p.Line) }

// ParseLogPosition reads what String wrote; ok is false for anything else.
func ParseLogPosition(s string) (p LogPosition, ok bool) {
	attempt, line, _ := strings.Cut(s, "-")
	a, errA := strconv.Atoi(attempt)
	l, errL := strconv.Atoi(line)
	if errA != nil || errL != nil || a < 0 || l < 0 {
		return LogPosition{}, false
	}
	return LogPosition{a, l}, true
}

// LogEvent is a piece of an activation's logs. One without lines that is not
// the end says only that there is nothing new.
type LogEvent struct {
	At    LogPosition // of Lines[0]
	Lines []string
	End   *core.Status // set once, with the last event
}

// Tail sends the lines of an activation of the caller's namespace from a
// position on: those that are there, then those that come until it ends, then
// the end. What runs is shown within about a second of being printed. It
// returns the error of send, or ctx's. KindNotFound comes before anything was
// sent.
//
// Of an activation whose record is not to be stored, the lines of the last
// moment may be missing.
func (p *Plane) Tail(ctx context.Context, who core.Subject, id core.ActivationID, from LogPosition, send func(LogEvent) error) error {
	f := follower{plane: p, ref: core.Ref{Namespace: who.Namespace.Name, ID: id}, next: from, send: send}
	for {
		ended, err := f.look(ctx)
		if ended || err != nil {
			return err
		}
		pause(ctx, tailPoll)
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("follow logs: %w", err)
		}
	}
}

// follower is one that watches one activation.
type follower struct {
	plane *Plane
	ref   core.Ref
	send  func(LogEvent) error
	next  LogPosition // to be sent

	last  string // position in the tail
	begun bool
	sent  time.Time // when something was
	asked struct {
		worker string
		at     time.Time
	}
}

// look sends what is new, and says whether that was the end.
func (f *follower) look(ctx context.Context) (ended bool, err error) {
	t, err := f.plane.db.Tail(ctx, f.ref, f.last)
	if err != nil {
		return false, err
	}
	f.last = t.Last
	if !f.begun { // the caller learns at once that there is something to wait for
		f.begun = true
		if err := f.emit(LogEvent{}); err != nil {
			return false, err
		}
	}
	for _, c := range t.Chunks {
		if err := f.lines(c.Attempt, c.First, c.Lines); err != nil {
			return false, err
		}
	}
	if t.Final {
		return true, f.end(ctx)
	}
	if err := f.ask(ctx, t); err != nil {
		return false, err
	}
	if time.Since(f.sent) >= TailIdle {
		return false, f.emit(LogEvent{})
	}
	return false, nil
}

// ask has the worker that runs the activation show its lines.
func (f *follower) ask(ctx context.Context, t store.Tail) error {
	if t.State != core.StateRunning || t.Worker == "" ||
		t.Worker == f.asked.worker && time.Since(f.asked.at) < tailAsk {
		return nil
	}
	f.asked.worker, f.asked.at = t.Worker, time.Now()
	return f.plane.db.AskWatch(ctx, f.ref, t.Worker)
}

// lines sends those that were not sent yet. They can come twice: a worker
// starts over for one who comes to watch after a break.
func (f *follower) lines(attempt, first int, lines []string) error {
	if attempt != f.next.Attempt {
		if attempt < f.next.Attempt {
			return nil
		}
		f.next = LogPosition{Attempt: attempt}
	}
	if skip := f.next.Line - first; skip > 0 {
		lines = lines[min(skip, len(lines)):]
		first += skip
	}
	if len(lines) == 0 {
		return nil
	}
	f.next.Line = first + len(lines)
	return f.emit(LogEvent{At: LogPosition{attempt, first}, Lines: lines})
}

// end sends what only the record has.
func (f *follower) end(ctx context.Context) error {
	r, err := f.plane.db.Activation(ctx, f.ref)
	if err != nil {
		return err
	}
	if err := f.lines(r.Attempt, 0, r.Outcome.Logs); err != nil {
		return err
	}
	return f.emit(LogEvent{At: f.next, End: &r.Outcome.Status})
}

func (f *follower) emit(e LogEvent) error {
	f.sent = time.Now()
	return f.send(e)
}
