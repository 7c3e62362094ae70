package stream

import (
	"context"
	"encoding/json"
	"time"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

const (
	quick = 50 * time.Millisecond // between two looks while events are under way
	slow  = 2 * time.Second       // otherwise: another process may have left some
	// forgotten is how long an event may be under way: longer than it may wait in
	// a queue and run.
	forgotten = 3 * time.Hour
)

// reject is an entry that is given up.
type reject struct {
	ID       string          `json:"id"`
	Entry    json.RawMessage `json:"entry,omitempty"`
	Attempts int             `json:"attempts,omitempty"`
	Reason   string          `json:"reason"`
	At       time.Time       `json:"at"`
}

// land looks at events under way until ctx ends, and ends those whose rules
// have ended.
func (c *consumer) land(ctx context.Context) {
	down := false
	for ctx.Err() == nil {
		busy := c.busy.Swap(false)
		n, err := c.landAll(ctx)
		if err != nil && ctx.Err() == nil && !down {
			c.log.Warn("events under way are not looked at", "err", err)
		}
		down = err != nil
		if n > 0 && err == nil {
			c.busy.Store(true)
		}
		wait := slow
		if (busy || n > 0) && err == nil {
			wait = quick
		}
		for end := time.Now().Add(wait); ctx.Err() == nil && time.Now().Before(end); {
			pause(ctx, quick)
			if wait == slow && c.busy.Load() && err == nil {
				break
			}
		}
	}
}

// landAll looks at each, and returns how many there are.
func (c *consumer) landAll(ctx context.Context) (int, error) {
	list, err := c.runner.db.Flights(ctx, c.trigger)
	if err != nil || len(list) == 0 {
		return 0, err
	}
	who, err := c.runner.plane.Owner(ctx, c.trigger.Namespace)
	if err != nil {
		return 0, err
	}
	for _, f := range list {
		ends, err := c.runner.plane.Ends(ctx, who, c.trigger, f.ID)
		if err != nil {
			return 0, err
		}
		if lost := time.Since(f.Since) > forgotten; !ends.Ended && lost {
			ends = control.Ends{Ended: true, Missed: true}
		}
		if !ends.Ended {
			continue
		}
		if err := c.landOne(ctx, f, ends); err != nil {
			return 0, err
		}
	}
	return len(list), nil
}

// landOne ends a flight: what failed is delivered again, or given up.
func (c *consumer) landOne(ctx context.Context, f store.Flight, ends control.Ends) error {
	l := store.Landing{Trigger: c.trigger, ID: f.ID}
	var doc flight
	_ = json.Unmarshal(f.Doc, &doc) // what cannot be read carries nothing
	failed, last := failures(doc.Entries, ends)
	switch {
	case len(failed) == 0:
	case doc.Attempt > c.rules.retries:
		for _, text := range failed {
			r := reject{ID: idOf(text), Entry: text, Attempts: doc.Attempt, Reason: "an action failed it every time", At: time.Now().UTC()}
			body, err := json.Marshal(r)
			if err != nil {
				return err
			}
			l.Rejects = append(l.Rejects, body)
		}
		c.log.Warn("entries given up", "entries", len(failed))
	default:
		if time.Since(last) < backoff(doc.Attempt) {
			return nil
		}
		event, next, err := c.event(core.NewActivationID(), failed, doc.Attempt+1)
		if err != nil {
			return err
		}
		l.Next, l.Flight = &event, next
	}
	_, err := c.runner.db.Land(ctx, l)
	return err
}

// backoff is the pause before an attempt that follows.
func backoff(attempt int) time.Duration { return min(time.Second<<min(attempt-1, 6), time.Minute) }

// failures are the entries that have to be delivered again, and when the last
// action ended: those that a result names, or all where an action failed.
func failures(entries []json.RawMessage, ends control.Ends) (failed []json.RawMessage, last time.Time) {
	all := ends.Missed
	named := map[string]bool{}
	for _, a := range ends.Activations {
		if a.Outcome.End.After(last) {
			last = a.Outcome.End
		}
		if a.Outcome.Status != core.StatusSuccess {
			all = true
			continue
		}
		for _, id := range failedIDs(a.Outcome.Result) {
			named[id] = true
		}
	}
	for _, text := range entries {
		if all || named[idOf(text)] {
			failed = append(failed, text)
		}
	}
	return failed, last
}

// failedIDs are the entries that a result names: {"failed": ["1-0"]}, or as
// in AWS Lambda {"batchItemFailures": [{"itemIdentifier": "1-0"}]}.
func failedIDs(result core.JSON) []string {
	var r struct {
		Failed []string `json:"failed"`
		Items  []struct {
			ID string `json:"itemIdentifier"`
		} `json:"batchItemFailures"`
	}
	_ = json.Unmarshal(result, &r) // what does not fit names nothing
	for _, item := range r.Items {
		r.Failed = append(r.Failed, item.ID)
	}
	return r.Failed
}

func idOf(text json.RawMessage) string {
	var e struct{ ID string }
	_ = json.Unmarshal(text, &e) // it was made here
	return e.ID
}
