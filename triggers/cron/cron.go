// Package cron is the clock as a source of events. A trigger with the
// annotation "cron" fires by it: see Settings.
//
// Schedules are in Redis, and any number of schedulers works on them. One
// script moves a schedule on from the tick that it had, and writes the events
// of that tick: whoever comes second finds it moved on and does nothing. Time
// is that of Redis, so that the clocks of the schedulers do not matter.
package cron

import (
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // zones are needed wherever the program runs

	"github.com/hearth-faas/hearth/core"
)

// Expr says when something happens.
type Expr struct {
	second, minute, hour, day, month, weekday uint64 // bit n: at n
	anyDay, anyWeekday                        bool
	// anyHour: it follows the passing hours rather than the time of day.
	anyHour bool

	every time.Duration // of "@every"
	at    time.Time     // of "@at"
}

// Parse reads an expression: five fields (minute, hour, day of the month,
// month, day of the week), six with seconds first, "@hourly" and its like,
// "@every 5m", or "@at" with a time in RFC 3339. KindInvalid.
func Parse(text string) (Expr, error) {
	text = strings.TrimSpace(text)
	if word, rest, ok := strings.Cut(text, " "); ok && strings.HasPrefix(word, "@") {
		return parseWord(text, word, strings.TrimSpace(rest))
	}
	if strings.HasPrefix(text, "@") {
		full, ok := descriptor(text)
		if !ok {
			return Expr{}, invalid(text)
		}
		text = full
	}
	fields := strings.Fields(text)
	if len(fields) == 5 {
		fields = append([]string{"0"}, fields...)
	}
	if len(fields) != 6 {
		return Expr{}, invalid(text)
	}
	e := Expr{anyHour: wild(fields[2]), anyDay: wild(fields[3]), anyWeekday: wild(fields[5])}
	for i, f := range []struct {
		bits     *uint64
		low, top int
		names    string
	}{
		{&e.second, 0, 59, ""}, {&e.minute, 0, 59, ""}, {&e.hour, 0, 23, ""}, {&e.day, 1, 31, ""},
		{&e.month, 1, 12, "janfebmaraprmayjunjulaugsepoctnovdec"}, {&e.weekday, 0, 7, "sunmontuewedthufrisat"},
	} {
		bits, ok := parseField(fields[i], f.low, f.top, f.names)
		if !ok {
			return Expr{}, invalid(text)
		}
		*f.bits = bits
	}
	if e.weekday&(1<<7) != 0 { // Sunday has two numbers
		e.weekday |= 1
	}
	return e, nil
}

func invalid(text string) error {
	return core.Errorf(core.KindInvalid, "cron pattern '%s' is not valid", text)
}

// wild says whether a field restricts nothing but by a step.
func wild(field string) bool { return strings.HasPrefix(field, "*") || field == "?" }

func parseWord(text, word, rest string) (Expr, error) {
	switch word {
	case "@every":
		d, err := time.ParseDuration(rest)
		if err == nil && d >= time.Second && d%time.Second == 0 {
			return Expr{every: d}, nil
		}
	case "@at":
		if at, err := time.Parse(time.RFC3339, rest); err == nil {
			return Expr{at: at}, nil
		}
	}
	return Expr{}, invalid(text)
}

func descriptor(word string) (string, bool) {
	switch strings.ToLower(word) {
	case "@yearly", "@annually":
		return "0 0 1 1 *", true
	case "@monthly":
		return "0 0 1 * *", true
	case "@weekly":
		return "0 0 * * 0", true
	case "@daily", "@midnight":
		return "0 0 * * *", true
	case "@hourly":
		return "0 * * * *", true
	}
	return "", false
}

// parseField reads a list of values, ranges and steps. names holds the names
// of the values from low on, three letters each.
func parseField(field string, low, top int, names string) (bits uint64, ok bool) {
	for part := range strings.SplitSeq(field, ",") {
		span, stepText, stepped := strings.Cut(part, "/")
		step := 1
		if stepped {
			n, err := strconv.Atoi(stepText)
			if err != nil || n < 1 {
				return 0, false
			}
			step = n
		}
		from, to := low, top
		if span != "*" && span != "?" {
			first, last, ranged := strings.Cut(span, "-")
			if from, ok = value(first, low, top, names); !ok {
				return 0, false
			}
			switch {
			case ranged:
				if to, ok = value(last, low, top, names); !ok || to < from {
					return 0, false
				}
			case !stepped:
				to = from
			}
		} else if top == 7 { // of the days of the week, 7 is but another name
			to = 6
		}
		for n := from; n <= to; n += step {
			bits |= 1 << n
		}
	}
	return bits, true
}

func value(text string, low, top int, names string) (int, bool) {
	if n, err := strconv.Atoi(text); err == nil {
		return n, n >= low && n <= top
	}
	if len(text) == 3 {
		if i := strings.Index(names, strings.ToLower(text)); i >= 0 && i%3 == 0 {
			return low + i/3, true
		}
	}
	return 0, false
}
