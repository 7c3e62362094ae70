package cron

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

// Annotation is the key of a trigger's annotation that holds its Settings, or
// nothing but the expression as a text.
const Annotation = "cron"

// What becomes of ticks that were missed, because nothing ran.
const (
	MisfireOne  = "one"  // the last of them fires, unless another is due by now
	MisfireSkip = "skip" // none
	MisfireAll  = "all"  // all, but at most the last 1,000
)

// What becomes of a tick while the one before still runs.
const (
	OverlapAllow = "allow" // it fires
	OverlapSkip  = "skip"  // it does not
)

// Settings are what people say of a schedule, as they write it.
type Settings struct {
	// Cron is an expression, see Parse, or several with semicolons between.
	Cron string `json:"cron"`
	Zone string `json:"tz,omitempty"` // IANA name; "" means UTC
	// Misfire is MisfireOne unless it says otherwise.
	Misfire string `json:"misfire,omitempty"`
	// Grace bounds the age of missed ticks that still fire, as a duration
	// ("6h"); "" means no bound.
	Grace string `json:"grace,omitempty"`
	// Jitter delays each tick by a time of its own, up to this duration.
	Jitter string `json:"jitter,omitempty"`
	// Overlap is OverlapAllow unless it says otherwise.
	Overlap string `json:"overlap,omitempty"`
	// Start and Stop bound the ticks, in RFC 3339; "" for no bound.
	Start string `json:"start,omitempty"`
	Stop  string `json:"stop,omitempty"`
	// Payload is a JSON object, what the trigger is fired with.
	Payload json.RawMessage `json:"payload,omitempty"`
	// After says what becomes of the trigger after its last tick: "" keeps it,
	// "delete" deletes it, "rules" its rules too.
	After string `json:"after,omitempty"`
	// Paused keeps the schedule, and lets nothing fire.
	Paused bool `json:"paused,omitempty"`
}

// rules are Settings as they are worked with.
type rules struct {
	Settings
	trigger       string // full name
	exprs         []Expr
	zone          *time.Location
	grace, jitter time.Duration
	start, stop   time.Time
}

// ParseSettings reads the annotation. KindInvalid.
func ParseSettings(annotation json.RawMessage) (Settings, error) {
	var s Settings
	if json.Unmarshal(annotation, &s.Cron) != nil {
		decoder := json.NewDecoder(bytes.NewReader(annotation))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&s); err != nil {
			return s, core.Errorf(core.KindInvalid, "The annotation 'cron' is not valid: %s.", strings.TrimPrefix(err.Error(), "json: "))
		}
	}
	if string(s.Payload) == "null" {
		s.Payload = nil
	}
	_, err := s.parse()
	return s, err
}

func (s Settings) parse() (r rules, err error) {
	r.Settings = s
	for text := range strings.SplitSeq(strings.TrimRight(s.Cron, "; "), ";") {
		expr, err := Parse(text)
		if err != nil {
			return r, err
		}
		r.exprs = append(r.exprs, expr)
	}
	if r.zone, err = time.LoadLocation(s.Zone); err != nil || s.Zone == "Local" {
		return r, core.Errorf(core.KindInvalid, "Invalid timezone.")
	}
	for _, d := range []struct {
		name, text string
		to         *time.Duration
	}{{"grace", s.Grace, &r.grace}, {"jitter", s.Jitter, &r.jitter}} {
		if d.text == "" {
			continue
		}
		if *d.to, err = time.ParseDuration(d.text); err != nil || *d.to < 0 {
			return r, core.Errorf(core.KindInvalid, "%s '%s' is not a valid duration", d.name, d.text)
		}
	}
	for _, d := range []struct {
		name, text string
		to         *time.Time
	}{{"start", s.Start, &r.start}, {"stop", s.Stop, &r.stop}} {
		if d.text == "" {
			continue
		}
		if *d.to, err = time.Parse(time.RFC3339, d.text); err != nil {
			return r, core.Errorf(core.KindInvalid, "%s '%s' is not a valid time", d.name, d.text)
		}
	}
	return r, s.check(r)
}

func (s Settings) check(r rules) error {
	switch s.Misfire {
	case "", MisfireOne, MisfireSkip, MisfireAll:
	default:
		return core.Errorf(core.KindInvalid, "misfire '%s' is none of one, skip, all", s.Misfire)
	}
	switch s.Overlap {
	case "", OverlapAllow, OverlapSkip:
	default:
		return core.Errorf(core.KindInvalid, "overlap '%s' is none of allow, skip", s.Overlap)
	}
	switch s.After {
	case "", store.ThenDelete, store.ThenDeleteRules:
	default:
		return core.Errorf(core.KindInvalid, "after '%s' is none of delete, rules", s.After)
	}
	if !r.start.IsZero() && !r.stop.IsZero() && !r.stop.After(r.start) {
		return core.Errorf(core.KindInvalid, "stop '%s' must be greater than start '%s'", s.Stop, s.Start)
	}
	if p := bytes.TrimSpace(s.Payload); len(p) > 0 && p[0] != '{' {
		return core.Errorf(core.KindInvalid, "The payload of a schedule must be an object.")
	}
	return nil
}

// next returns the first tick after a time, or zero. anchor is when the
// schedule was made.
func (r rules) next(after, anchor time.Time) (first time.Time) {
	for _, expr := range r.exprs {
		tick := r.nextOf(expr, after, anchor)
		if first.IsZero() || !tick.IsZero() && tick.Before(first) {
			first = tick
		}
	}
	return r.bounded(first)
}

func (r rules) nextOf(expr Expr, after, anchor time.Time) time.Time {
	if !r.start.IsZero() {
		anchor = r.start
		if after.Before(r.start) {
			after = r.start.Add(-time.Second)
			if expr.every > 0 {
				return r.start // the first interval begins with a tick
			}
		}
	}
	return expr.Next(after, r.zone, anchor)
}

func (r rules) bounded(tick time.Time) time.Time {
	if !r.stop.IsZero() && tick.After(r.stop) {
		return time.Time{}
	}
	return tick
}
