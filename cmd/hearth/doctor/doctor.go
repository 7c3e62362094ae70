// Package doctor checks what the platform stands on: Redis, Docker and the
// clocks. It changes nothing.
package doctor

import (
	"context"
	"fmt"
	"io"
)

// Level says how bad a finding is.
type Level int

// The levels. Fail means that the platform loses work or does not run at all.
const (
	OK Level = iota
	Warn
	Fail
)

// String returns the word that is printed.
func (l Level) String() string {
	switch l {
	case OK:
		return "ok"
	case Warn:
		return "warn"
	case Fail:
	}
	return "FAIL"
}

// Finding is what a check found.
type Finding struct {
	Level Level
	// About names what was looked at, in a word or two.
	About string
	// Text says how it is, and what to do where it is not well.
	Text string
}

// Check looks at one thing.
type Check func(ctx context.Context) []Finding

// Examine runs checks, prints what they find, and returns the worst level.
func Examine(ctx context.Context, w io.Writer, checks ...Check) (Level, error) {
	worst := OK
	for _, check := range checks {
		for _, f := range check(ctx) {
			worst = max(worst, f.Level)
			if _, err := fmt.Fprintf(w, "%-5s %-18s %s\n", f.Level, f.About, f.Text); err != nil {
				return worst, err
			}
		}
	}
	return worst, nil
}

func finding(level Level, about, format string, args ...any) Finding {
	return Finding{Level: level, About: about, Text: fmt.Sprintf(format, args...)}
}
