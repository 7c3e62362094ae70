package core

import "time"

// Limits bound one action. The zero value is not valid: see DefaultLimits.
type Limits struct {
	Timeout     time.Duration // of /run and, apart, of /init; whole milliseconds
	Memory      int           // MB (2^20 bytes) of the container
	Logs        int           // MB kept of one activation's logs; 0 keeps none
	Concurrency int           // activations at once in one container
	Instances   *int          // containers of the action at once; nil: no bound
}

// LimitRange is the least and the most that Limits may ask of a platform.
type LimitRange struct{ Min, Max Limits }

// The ranges and defaults of OpenWhisk, with concurrency in one container
// allowed. Sizes are bytes.
const (
	MaxCode        = 48 << 20
	MaxParameters  = 1 << 20
	MaxAnnotations = 1 << 20
	MaxPayload     = 1 << 20
	MaxResult      = 1 << 20
	MaxSequence    = 50
	MaxBlocking    = 60 * time.Second
	MaxList        = 200
	DefaultList    = 30
)

// DefaultLimits are those of an action that names none.
func DefaultLimits() Limits {
	return Limits{Timeout: time.Minute, Memory: 256, Logs: 10, Concurrency: 1}
}

// DefaultRange is what actions may ask for where the operator set nothing.
func DefaultRange() LimitRange {
	return LimitRange{
		Min: Limits{Timeout: 100 * time.Millisecond, Memory: 128, Logs: 0, Concurrency: 1},
		Max: Limits{Timeout: 5 * time.Minute, Memory: 512, Logs: 10, Concurrency: 200},
	}
}

// Check returns an Error of KindOutOfRange that names the first limit out of
// range.
func (r LimitRange) Check(l Limits) error {
	ms := func(d time.Duration) int { return int(d.Milliseconds()) }
	checks := []struct {
		what, unit    string
		got, low, top int
	}{
		{"duration", " milliseconds", ms(l.Timeout), ms(r.Min.Timeout), ms(r.Max.Timeout)},
		{"memory size", " MB", l.Memory, r.Min.Memory, r.Max.Memory},
		{"log size", " MB", l.Logs, r.Min.Logs, r.Max.Logs},
		{"concurrency", "", l.Concurrency, r.Min.Concurrency, r.Max.Concurrency},
	}
	for _, c := range checks {
		if c.got > c.top {
			return Errorf(KindOutOfRange, "%s %d%s exceeds allowed threshold of %d%s", c.what, c.got, c.unit, c.top, c.unit)
		}
		if c.got < c.low {
			return Errorf(KindOutOfRange, "%s %d%s below allowed threshold of %d%s", c.what, c.got, c.unit, c.low, c.unit)
		}
	}
	if l.Instances != nil && *l.Instances < 0 {
		return Errorf(KindOutOfRange, "Action container concurrency must be greater than or equal to 0.")
	}
	return nil
}
