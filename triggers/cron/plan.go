package cron

import (
	"hash/fnv"
	"strconv"
	"time"
)

const (
	// punctual is how late a tick may be without having been missed.
	punctual = 10 * time.Second
	// maxMissed is how many missed ticks fire at most.
	maxMissed = 1000
)

// plan says which ticks fire, of those from the one that was due up to now,
// and which is the next, zero for none.
func (r rules) plan(tick, now, anchor time.Time) (fire []time.Time, next time.Time) {
	border := now.Add(-punctual - r.jitter)
	var missed []time.Time
	if tick.Before(border) {
		missed = r.missed(tick, border, now, anchor)
		tick = r.next(border.Add(-time.Nanosecond), anchor)
	}
	for !tick.IsZero() && !r.due(tick).After(now) {
		fire = append(fire, tick)
		tick = r.next(tick, anchor)
	}
	switch {
	case r.Misfire == MisfireSkip || len(missed) == 0:
	case r.Misfire == MisfireAll:
		fire = append(missed, fire...)
	case len(fire) == 0:
		fire = missed[len(missed)-1:]
	}
	return fire, tick
}

// missed returns the ticks from first up to border that may fire yet: the
// last ones. It looks back further and further, since there may be millions.
func (r rules) missed(first, border, now, anchor time.Time) []time.Time {
	if oldest := now.Add(-r.grace); r.grace > 0 && first.Before(oldest) {
		first = r.next(oldest.Add(-time.Nanosecond), anchor)
		if first.IsZero() {
			return nil
		}
	}
	want := maxMissed
	if r.Misfire != MisfireAll {
		want = 1
	}
	for back := 15 * time.Minute; ; back *= 4 {
		from, whole := border.Add(-back), false
		if back > 100*365*24*time.Hour || !from.After(first) {
			from, whole = first, true
		}
		var list []time.Time
		for t := r.next(from.Add(-time.Nanosecond), anchor); !t.IsZero() && t.Before(border); t = r.next(t, anchor) {
			list = append(list, t)
		}
		if len(list) >= want || whole {
			return list[max(0, len(list)-want):]
		}
	}
}

// due is when a tick is to fire: later by its jitter, which is the same in
// every process.
func (r rules) due(tick time.Time) time.Time {
	if r.jitter < time.Millisecond {
		return tick
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(r.trigger + " " + strconv.FormatInt(tick.Unix(), 10)))
	late := h.Sum64() % uint64(r.jitter.Milliseconds())
	return tick.Add(time.Duration(late) * time.Millisecond) //nolint:gosec // less than the jitter
}
