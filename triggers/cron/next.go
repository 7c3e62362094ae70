package cron

import "time"

// horizon is how many years ahead a match is looked for: the 29th of February
// may be eight away.
const horizon = 9

// Next returns the first tick after a time, in whole seconds, or the zero time
// when there is none. anchor is what "@every" counts from.
//
// A tick that names a time of day happens once on each day that has it: at its
// first occurrence when clocks are put back, and at the end of the gap when
// they are put forward over it. One of every hour ("* in the hours") follows
// the passing hours instead, whatever clocks say.
func (e Expr) Next(after time.Time, zone *time.Location, anchor time.Time) time.Time {
	switch {
	case !e.at.IsZero():
		if e.at.After(after) {
			return e.at
		}
		return time.Time{}
	case e.every > 0:
		if after.Before(anchor) {
			return anchor.Add(e.every)
		}
		return anchor.Add((after.Sub(anchor)/e.every + 1) * e.every)
	}
	t := after.Unix()
	for last := after.AddDate(horizon, 0, 0).Unix(); t < last; {
		tick, next := e.inSpan(t, spanOf(t+1, zone))
		if tick != 0 {
			return time.Unix(tick, 0).In(zone)
		}
		if next == 0 {
			break
		}
		t = next
	}
	return time.Time{}
}

// span is a stretch of time in which a zone keeps its offset from UTC. All is
// in seconds; start and end are 0 where there is none.
type span struct {
	start, end            int64
	offset, before, after int64
}

func spanOf(t int64, zone *time.Location) span {
	at := time.Unix(t, 0).In(zone)
	start, end := at.ZoneBounds()
	var s span
	s.offset = offsetAt(at)
	if !start.IsZero() {
		s.start, s.before = start.Unix(), offsetAt(start.Add(-time.Second))
	}
	if !end.IsZero() {
		s.end, s.after = end.Unix(), offsetAt(end)
	}
	return s
}

func offsetAt(t time.Time) int64 {
	_, offset := t.Zone()
	return int64(offset)
}

// inSpan looks for the first tick in (t, end of span]. Without one it returns
// the time to look on from, 0 for nowhere.
func (e Expr) inSpan(t int64, s span) (tick, next int64) {
	wall := t + s.offset
	if repeated := s.start + s.before; s.start != 0 && !e.anyHour && wall < repeated-1 {
		wall = repeated - 1 // clocks were put back: what they show now, they showed before
	}
	match := e.nextWall(wall)
	if match == 0 {
		return 0, 0
	}
	if s.end == 0 || match-s.offset < s.end {
		return match - s.offset, 0
	}
	if !e.anyHour && match < s.end+s.after { // in the gap
		return s.end, 0
	}
	return 0, s.end - 1
}

// nextWall returns the first match after what a clock shows, given and
// returned as if it showed UTC; 0 for none.
func (e Expr) nextWall(wall int64) int64 {
	from := time.Unix(wall+1, 0).UTC()
	day := time.Date(from.Year(), from.Month(), from.Day(), 0, 0, 0, 0, time.UTC)
	second := int(wall + 1 - day.Unix())
	for last := from.Year() + horizon; day.Year() <= last; {
		if e.month&(1<<day.Month()) == 0 {
			day, second = time.Date(day.Year(), day.Month()+1, 1, 0, 0, 0, 0, time.UTC), 0
			continue
		}
		if e.onDay(day) {
			if found, ok := e.inDay(second); ok {
				return day.Unix() + int64(found)
			}
		}
		day, second = day.AddDate(0, 0, 1), 0
	}
	return 0
}

// onDay follows cron's old rule: when both the day of the month and the day of
// the week are restricted, either will do.
func (e Expr) onDay(day time.Time) bool {
	inMonth := e.day&(1<<day.Day()) != 0
	inWeek := e.weekday&(1<<day.Weekday()) != 0
	if e.anyDay || e.anyWeekday {
		return inMonth && inWeek
	}
	return inMonth || inWeek
}

// inDay returns the first match at or after a second of a day.
func (e Expr) inDay(from int) (int, bool) {
	h, m, s := from/3600, from/60%60, from%60
	for ; h < 24; h, m, s = h+1, 0, 0 {
		if e.hour&(1<<h) == 0 {
			continue
		}
		for ; m < 60; m, s = m+1, 0 {
			if e.minute&(1<<m) == 0 {
				continue
			}
			for ; s < 60; s++ {
				if e.second&(1<<s) != 0 {
					return h*3600 + m*60 + s, true
				}
			}
		}
	}
	return 0, false
}
