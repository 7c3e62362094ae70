package control

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/hearth-faas/hearth/core"
)

// MaxDelay bounds a delay, and how long an activation may wait in a queue.
const MaxDelay = 7 * 24 * time.Hour

// ParseDelay reads when a call is to be queued: a duration ("90s", "1h30m"), a
// number of seconds, or a time (RFC 3339), which may be past. The Error is of
// KindInvalid, also for what lies more than MaxDelay ahead.
func ParseDelay(text string, now time.Time) (time.Duration, error) {
	d, err := duration(text)
	if err != nil {
		at, failed := time.Parse(time.RFC3339Nano, text)
		if failed != nil {
			return 0, core.Errorf(core.KindInvalid, "A delay is a duration such as '90s', a number of seconds, or a time as in RFC 3339.")
		}
		d = max(0, at.Sub(now))
	}
	if d < 0 || d > MaxDelay {
		return 0, core.Errorf(core.KindInvalid, "A delay is at most %d days, and not negative.", MaxDelay/(24*time.Hour))
	}
	return d.Truncate(time.Millisecond), nil
}

// ParseMaxAge reads how long an activation may wait in a queue: a duration or
// a number of seconds. The Error is of KindInvalid.
func ParseMaxAge(text string) (time.Duration, error) {
	d, err := duration(text)
	if err != nil {
		return 0, core.Errorf(core.KindInvalid, "A maximum age is a duration such as '90s', or a number of seconds.")
	}
	if d < time.Millisecond || d > MaxDelay {
		return 0, core.Errorf(core.KindInvalid, "A maximum age is more than 0 and at most %d days.", MaxDelay/(24*time.Hour))
	}
	return d.Truncate(time.Millisecond), nil
}

// duration reads Go's form, or a number of seconds.
func duration(text string) (time.Duration, error) {
	if seconds, err := strconv.ParseFloat(text, 64); err == nil {
		if !(seconds >= 0 && seconds <= 2*MaxDelay.Seconds()) { // nor NaN
			seconds = 2 * MaxDelay.Seconds() // refused as too long
		}
		return time.Duration(seconds * float64(time.Second)), nil
	}
	return time.ParseDuration(strings.TrimSpace(text))
}

// maxAgeOf is how long the activation of a call may wait: as the call says, or
// the action's annotation max-age, or the platform. An annotation that makes
// no sense is passed over.
func (p *Plane) maxAgeOf(call Call) time.Duration {
	if call.MaxAge > 0 {
		return call.MaxAge
	}
	if v, ok := call.Target.Action.Annotations.Get("max-age"); ok {
		text := string(bytes.TrimSpace(v))
		var quoted string
		if json.Unmarshal(v, &quoted) == nil {
			text = quoted
		}
		if d, err := ParseMaxAge(text); err == nil {
			return d
		}
	}
	return p.opt.MaxAge
}

// priorityOf is what the call says, or the action's annotation priority.
func priorityOf(call Call) core.Priority {
	if call.Priority != core.PriorityNormal {
		return call.Priority
	}
	p, err := core.ParsePriority(call.Target.Action.Annotations.String("priority"))
	if err != nil {
		return core.PriorityNormal
	}
	return p
}
