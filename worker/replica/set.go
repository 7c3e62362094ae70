package replica

import (
	"crypto/rand"
	"slices"
	"strings"
	"time"

	"github.com/hearth-faas/hearth/store"
	"github.com/hearth-faas/hearth/worker/protocol/watchdog"
)

type state int

const (
	starting state = iota
	ready          // takes calls
	draining       // takes none any more, or is being removed
)

// replica is one container. Fields below the line are guarded by Manager.mu.
type replica struct {
	revision string
	instance string        // what people know it by
	ended    chan struct{} // closed when its output has ended
	drain    chan struct{} // closed when it shall take no more calls
	idle     chan struct{} // closed when, draining, it has none left

	client   *watchdog.Client // once it is ready
	id       string
	state    state
	inflight int
}

func newReplica(revision string) *replica {
	return &replica{
		revision: revision, instance: strings.ToLower(rand.Text()[:10]), ended: make(chan struct{}), drain: make(chan struct{}), idle: make(chan struct{}),
	}
}

// retire stops calls to the replica.
func (r *replica) retire() {
	if r.state == draining {
		return
	}
	r.state = draining
	close(r.drain)
	if r.inflight == 0 {
		close(r.idle)
	}
}

// set is the replicas of one function. It is guarded by Manager.mu.
type set struct {
	target   Target
	replicas []*replica
	failures int       // in a row
	rest     time.Time // no start before then
	trouble  string    // why the last one failed
	reported store.Share
	told     time.Time // when it was
	stale    bool      // the report failed
}

func (s *set) of(states ...state) []*replica {
	var list []*replica
	for _, r := range s.replicas {
		if slices.Contains(states, r.state) {
			list = append(list, r)
		}
	}
	return list
}

// plan decides what to start, and retires what has become too much. A changed
// function gets its new replicas one at a time, and an old one goes when as
// many as are wanted would still be ready without it.
func (s *set) plan(now time.Time) (starts int) {
	want, revision := s.target.Count, s.revision()
	var coming, current, old []*replica
	for _, r := range s.replicas {
		switch {
		case r.state == draining:
		case r.revision != revision && r.state == starting:
			r.retire() // nobody needs it any more
		case r.revision != revision:
			old = append(old, r)
		case r.state == starting:
			coming = append(coming, r)
		default:
			current = append(current, r)
		}
	}
	slices.SortStableFunc(old, func(a, b *replica) int { return a.inflight - b.inflight })
	for len(old) > 0 && len(current)+len(old) > want {
		old[0].retire()
		old = old[1:]
	}
	excess := len(coming) + len(current) - want
	for ; excess > 0 && len(coming) > 0; excess-- {
		coming[len(coming)-1].retire()
		coming = coming[:len(coming)-1]
	}
	slices.SortStableFunc(current, func(a, b *replica) int { return a.inflight - b.inflight })
	for ; excess > 0; excess-- {
		current[0].retire()
		current = current[1:]
	}
	missing := want - len(coming) - len(current)
	if len(old) > 0 {
		missing = min(missing, 1-len(coming))
	}
	if missing <= 0 || now.Before(s.rest) {
		return 0
	}
	return missing
}

func (s *set) revision() string {
	if s.target.Action == nil {
		return ""
	}
	return s.target.Action.Revision
}

// pick returns the replica that has the fewest calls, of the newest revision
// if one of those is ready.
func (s *set) pick(not *replica) *replica {
	var best *replica
	revision := s.revision()
	for _, r := range s.replicas {
		switch {
		case r.state != ready || r == not:
		case best == nil, r.revision == revision && best.revision != revision:
			best = r
		case (r.revision == revision) == (best.revision == revision) && r.inflight < best.inflight:
			best = r
		}
	}
	return best
}

// share is what the platform is told.
func (s *set) share(worker string) store.Share {
	share := store.Share{Worker: worker, Revision: s.revision()}
	for _, r := range s.replicas {
		switch r.state {
		case ready:
			share.Ready++
			share.Inflight += r.inflight
		case starting:
			share.Starting++
		case draining:
		}
	}
	if share.Ready == 0 && s.target.Count > 0 {
		share.Trouble = s.trouble
	}
	return share
}

// differs says whether the platform would do something else if it knew.
func differs(a, b store.Share) bool {
	a.Inflight, b.Inflight = 0, 0
	return a != b
}
