package watchdog

import (
	"fmt"
	"net/http"
)

// limit lets no more than a number of requests through at once.
type limit struct {
	next  http.Handler
	slots chan struct{} // nil for no limit
}

func newLimit(next http.Handler, most int) *limit {
	l := &limit{next: next}
	if most > 0 {
		l.slots = make(chan struct{}, most)
	}
	return l
}

func (l *limit) full() bool { return l.slots != nil && len(l.slots) == cap(l.slots) }

// ServeHTTP serves a request, or refuses it.
func (l *limit) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if l.slots == nil {
		l.next.ServeHTTP(w, r)
		return
	}
	select {
	case l.slots <- struct{}{}:
		defer func() { <-l.slots }()
		l.next.ServeHTTP(w, r)
	default:
		w.Header().Set("X-OpenFaaS-Internal", "faas-middleware")
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(http.StatusTooManyRequests)
		fmt.Fprintf(w, "Concurrent request limit exceeded. Max concurrent requests: %d\n", cap(l.slots))
	}
}
