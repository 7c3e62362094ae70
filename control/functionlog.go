package control

import (
	"context"
	"fmt"
	"time"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

// LogQuery selects lines of a function's log.
type LogQuery struct {
	Instance string    // of one container; empty for all
	Since    time.Time // none older; zero for all
	Last     int       // no more than the last so many; 0 for all
	Follow   bool      // also those that are still to come
}

// AppendFunctionLog keeps lines that containers of functions printed.
func (p *Plane) AppendFunctionLog(ctx context.Context, lines []store.FunctionLine) error {
	return p.db.AppendFunctionLog(ctx, lines)
}

// FunctionLog sends lines of a function of the caller's in the order in which
// they came, some at a time, and nothing first, so that the caller learns at
// once that there is a function. It ends when it has sent all, or, where they
// are followed, with ctx. KindNotFound comes before anything was sent.
func (p *Plane) FunctionLog(ctx context.Context, who core.Subject, name core.Name, q LogQuery, send func([]store.FunctionLine) error) error {
	if _, err := p.Function(ctx, who, name); err != nil {
		return err
	}
	if err := send(nil); err != nil {
		return err
	}
	after := ""
	if q.Last > 0 {
		lines, last, err := p.db.FunctionLogTail(ctx, name, q.Instance, q.Last, q.Since)
		if err != nil {
			return err
		}
		if err := send(lines); err != nil || !q.Follow {
			return err
		}
		after = last
	}
	for {
		lines, next, err := p.db.FunctionLog(ctx, name, after, q.Since)
		if err != nil {
			return err
		}
		switch {
		case next != after:
			after = next
			if err := send(q.of(lines)); err != nil {
				return err
			}
			continue // there may be more at once
		case !q.Follow:
			return nil
		}
		pause(ctx, tailPoll)
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("follow log: %w", err)
		}
	}
}

// of returns the lines that are of the instance and not too old.
func (q LogQuery) of(lines []store.FunctionLine) []store.FunctionLine {
	some := lines[:0]
	for _, l := range lines {
		if (q.Instance == "" || q.Instance == l.Instance) && !l.At.Before(q.Since) {
			some = append(some, l)
		}
	}
	return some
}
