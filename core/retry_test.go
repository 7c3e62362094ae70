package core_test

import (
	"testing"
	"time"

	"github.com/hearth-faas/hearth/core"
)

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	three := core.Retry{Attempts: 3, Backoff: time.Minute}
	coded := core.Retry{Attempts: 3, Codes: []int{2, 503}}
	for _, test := range []struct {
		name   string
		retry  core.Retry
		tries  int
		status core.Status
		code   int
		want   time.Duration
		ok     bool
	}{
		{"ok, an error", three, 0, core.StatusApplicationError, 0, time.Minute, true},
		{"ok, a crash, the second time", three, 1, core.StatusDeveloperError, 0, 2 * time.Minute, true},
		{"ok, the longest pause", core.Retry{Attempts: 10, Backoff: 50 * time.Minute}, 5, core.StatusDeveloperError, 0, time.Hour, true},
		{"ok, by its number", coded, 0, core.StatusDeveloperError, 0, time.Second, true},
		{"ok, by the code in it", coded, 0, core.StatusApplicationError, 503, time.Second, true},
		{"nok, another code", coded, 0, core.StatusApplicationError, 404, 0, false},
		{"nok, a code that looks like a status", coded, 0, core.StatusApplicationError, 2, 0, false},
		{"nok, no codes", core.Retry{Attempts: 3, Codes: []int{}}, 0, core.StatusDeveloperError, 0, 0, false},
		{"nok, the last run", three, 2, core.StatusApplicationError, 0, 0, false},
		{"nok, more than may be", core.Retry{Attempts: 99}, 9, core.StatusApplicationError, 0, 0, false},
		{"nok, success", three, 0, core.StatusSuccess, 0, 0, false},
		{"nok, the platform's fault", three, 0, core.StatusInternalError, 0, 0, false},
		{"nok, none asked for", core.Retry{}, 0, core.StatusApplicationError, 0, 0, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, ok := test.retry.After(test.tries, test.status, test.code)
			if got != test.want || ok != test.ok {
				t.Errorf("got %v, %v, want %v, %v", got, ok, test.want, test.ok)
			}
		})
	}
	if got := three.Longest(time.Second); got != 3*time.Minute+3*time.Second {
		t.Errorf("got %v", got)
	}
	if got := (core.Retry{}).Longest(time.Second); got != time.Second {
		t.Errorf("got %v", got)
	}
}
