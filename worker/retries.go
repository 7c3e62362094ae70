package worker

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// retryPrefix begins the annotations of a function that say when a queued call
// of it is made again.
const retryPrefix = "com.openfaas.retry."

// What counts where a function wants retries and does not say more: OpenFaaS'
// own defaults.
const (
	retryAttempts = 10
	retryMinWait  = 10 * time.Second
	retryMaxWait  = 2 * time.Minute
	// mostRetries bounds the attempts that a function may ask for.
	mostRetries = 100
)

// headerInternal marks answers that the platform or a watchdog made.
const headerInternal = "X-Openfaas-Internal"

// retries say when a call that failed is made again. The zero value means
// never.
type retries struct {
	attempts  int // after the first
	codes     []int
	min, most time.Duration
}

// retriesOf reads the annotations. One alone asks for retries; what cannot be
// read is as its default.
func retriesOf(annotations map[string]string) retries {
	r := retries{
		attempts: retryAttempts, min: retryMinWait, most: retryMaxWait,
		codes: []int{
			http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway,
			http.StatusServiceUnavailable, http.StatusGatewayTimeout,
		},
	}
	asked := false
	for name, read := range map[string]func(string){
		"attempts": func(text string) {
			if n, err := strconv.Atoi(text); err == nil && n >= 0 {
				r.attempts = min(n, mostRetries)
			}
		},
		"codes": func(text string) {
			if list := statusCodes(text); list != nil {
				r.codes = list
			}
		},
		"min_wait": func(text string) { r.min = duration(text, r.min) },
		"max_wait": func(text string) { r.most = duration(text, r.most) },
	} {
		if text, ok := annotations[retryPrefix+name]; ok {
			asked = true
			read(strings.TrimSpace(text))
		}
	}
	if !asked {
		return retries{}
	}
	r.most = max(r.min, r.most)
	return r
}

// statusCodes reads a list with commas; nil when one of them is none.
func statusCodes(text string) []int {
	var list []int
	for part := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(part))
		if err != nil || n < 100 || n > 599 {
			return nil
		}
		list = append(list, n)
	}
	return list
}

func duration(text string, other time.Duration) time.Duration {
	if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return d
	}
	return other
}

// next says whether a call is made again that has been so often before, and
// after what wait. silent means that there was no answer.
func (r retries) next(before int, a *answer, silent bool, now time.Time) (wait time.Duration, again bool) {
	if before >= r.attempts {
		return 0, false
	}
	if !silent && !slices.Contains(r.codes, a.status) && a.header.Get(headerInternal) == "" {
		return 0, false
	}
	wait = r.min
	for range before {
		if wait = min(2*wait, r.most); wait == r.most {
			break
		}
	}
	if !silent && (a.status == http.StatusTooManyRequests || a.status == http.StatusServiceUnavailable) {
		wait = min(max(retryAfter(a.header.Get("Retry-After"), now, wait), r.min), r.most)
	}
	return wait, true
}

// retryAfter reads the header of that name: seconds, or a date.
func retryAfter(text string, now time.Time, other time.Duration) time.Duration {
	if n, err := strconv.Atoi(text); err == nil && n >= 0 {
		return time.Duration(min(n, 1<<20)) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return at.Sub(now)
	}
	return other
}
