package worker

import (
	"net/http"
	"testing"
	"time"
)

func TestAFunctionIsCalledAgain(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	few := map[string]string{
		"com.openfaas.retry.attempts": "3", "com.openfaas.retry.codes": "500, 429",
		"com.openfaas.retry.min_wait": "1s", "com.openfaas.retry.max_wait": "3s",
	}
	bad := map[string]string{
		"com.openfaas.retry.attempts": "many", "com.openfaas.retry.codes": "5xx",
		"com.openfaas.retry.min_wait": "-1s", "com.openfaas.retry.max_wait": "soon",
	}
	for _, test := range []struct {
		name        string
		annotations map[string]string
		before      int
		status      int // 0: no answer
		header      http.Header
		wait        time.Duration
		again       bool
	}{
		{"never, nothing asks for it", nil, 0, 500, nil, 0, false},
		{"never, no answer and nothing asks for it", nil, 0, 0, nil, 0, false},
		{"never, it succeeded", few, 0, 200, nil, 0, false},
		{"never, another code", few, 0, 503, nil, 0, false},
		{"never, it has been often enough", few, 3, 500, nil, 0, false},
		{"again, a code of its own", few, 0, 500, nil, time.Second, true},
		{"again, no answer", few, 0, 0, nil, time.Second, true},
		{"again, the platform answered", few, 0, 503, http.Header{"X-Openfaas-Internal": {"of-watchdog"}}, time.Second, true},
		{"again, twice as late", few, 1, 500, nil, 2 * time.Second, true},
		{"again, at the latest", few, 2, 500, nil, 3 * time.Second, true},
		{"again, as late as the function says", few, 0, 429, http.Header{"Retry-After": {"2"}}, 2 * time.Second, true},
		{"again, not later than allowed", few, 0, 429, http.Header{"Retry-After": {"60"}}, 3 * time.Second, true},
		{"again, not earlier than allowed", few, 1, 429, http.Header{"Retry-After": {"0"}}, time.Second, true},
		{"again, at a date", few, 0, 429, http.Header{"Retry-After": {"Sun, 01 Mar 2026 12:00:02 GMT"}}, 2 * time.Second, true},
		{"again, a date that is none", few, 1, 429, http.Header{"Retry-After": {"later"}}, 2 * time.Second, true},
		{"again, other codes say nothing of when", few, 0, 500, http.Header{"Retry-After": {"2"}}, time.Second, true},
		{"again, by the defaults", bad, 0, 502, nil, 10 * time.Second, true},
		{"again, by the defaults at the latest", bad, 9, 502, nil, 2 * time.Minute, true},
		{"never, by the defaults", bad, 10, 502, nil, 0, false},
		{"never, no attempts are wanted", map[string]string{"com.openfaas.retry.attempts": "0"}, 0, 500, nil, 0, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := &answer{header: test.header, status: test.status}
			wait, again := retriesOf(test.annotations).next(test.before, a, test.status == 0, now)
			if wait != test.wait || again != test.again {
				t.Errorf("got %v, %v, want %v, %v", wait, again, test.wait, test.again)
			}
		})
	}
}
