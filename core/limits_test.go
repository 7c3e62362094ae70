package core_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hearth-faas/hearth/core"
)

func TestLimitsOutOfRangeAreNamed(t *testing.T) {
	t.Parallel()
	zero, minus := 0, -1
	for _, c := range []struct {
		name    string
		change  func(l *core.Limits)
		message string
	}{
		{"the defaults", func(*core.Limits) {}, ""},
		{"the least of all", func(l *core.Limits) {
			*l = core.Limits{Timeout: 100 * time.Millisecond, Memory: 128, Concurrency: 1, Instances: &zero}
		}, ""},
		{"the most of all", func(l *core.Limits) {
			*l = core.Limits{Timeout: 5 * time.Minute, Memory: 512, Logs: 10, Concurrency: 200}
		}, ""},
		{"short time", func(l *core.Limits) { l.Timeout = 99 * time.Millisecond }, "duration 99 milliseconds below allowed threshold of 100 milliseconds"},
		{"long time", func(l *core.Limits) { l.Timeout = 300001 * time.Millisecond }, "duration 300001 milliseconds exceeds allowed threshold of 300000 milliseconds"},
		{"little memory", func(l *core.Limits) { l.Memory = 0 }, "memory size 0 MB below allowed threshold of 128 MB"},
		{"much memory", func(l *core.Limits) { l.Memory = 513 }, "memory size 513 MB exceeds allowed threshold of 512 MB"},
		{"negative logs", func(l *core.Limits) { l.Logs = -1 }, "log size -1 MB below allowed threshold of 0 MB"},
		{"many logs", func(l *core.Limits) { l.Logs = 11 }, "log size 11 MB exceeds allowed threshold of 10 MB"},
		{"no concurrency", func(l *core.Limits) { l.Concurrency = 0 }, "concurrency 0 below allowed threshold of 1"},
		{"much concurrency", func(l *core.Limits) { l.Concurrency = 201 }, "concurrency 201 exceeds allowed threshold of 200"},
		{"negative instances", func(l *core.Limits) { l.Instances = &minus }, "Action container concurrency must be greater than or equal to 0."},
		{"the first of several", func(l *core.Limits) { l.Timeout, l.Memory = 0, 0 }, "duration 0 milliseconds below allowed threshold of 100 milliseconds"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := core.DefaultLimits()
			c.change(&l)
			err := core.DefaultRange().Check(l)
			if c.message != "" {
				refused(t, err, core.KindOutOfRange, c.message)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestLimitsInRangeAreExactlyTheAllowed(t *testing.T) {
	t.Parallel()
	r := core.DefaultRange()
	rapid.Check(t, func(t *rapid.T) {
		l := core.Limits{
			Timeout:     time.Duration(rapid.IntRange(0, 400_000).Draw(t, "timeout")) * time.Millisecond,
			Memory:      rapid.IntRange(0, 600).Draw(t, "memory"),
			Logs:        rapid.IntRange(-1, 12).Draw(t, "logs"),
			Concurrency: rapid.IntRange(0, 250).Draw(t, "concurrency"),
		}
		in := l.Timeout >= r.Min.Timeout && l.Timeout <= r.Max.Timeout && l.Memory >= r.Min.Memory && l.Memory <= r.Max.Memory &&
			l.Logs >= r.Min.Logs && l.Logs <= r.Max.Logs && l.Concurrency >= r.Min.Concurrency && l.Concurrency <= r.Max.Concurrency
		if err := r.Check(l); (err == nil) != in {
			t.Fatalf("%+v: got %v", l, err)
		}
	})
}

func TestRatesTakeTheQuotasOwnValues(t *testing.T) {
	t.Parallel()
	zero, seven, no := 0, 7, false
	got := core.DefaultRates().Of(core.Quota{FiresPerMinute: &zero, ConcurrentInvocations: &seven})
	want := core.Rates{InvocationsPerMinute: core.DefaultRates().InvocationsPerMinute, ConcurrentInvocations: 7}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if !(core.Quota{}).Stores() || (core.Quota{StoreActivations: &no}).Stores() {
		t.Error("activations are stored unless the quota says no")
	}
}
