package callback

import "github.com/hearth-faas/hearth/store"

// laneState is what is known of a receiver that is being called, or that did
// not answer of late.
type laneState struct {
	busy     int
	failures int // in a row
}

// room is how many more attempts may be under way to the receiver: with each
// failure half as many at once, down to one that finds out whether it is back.
func (l *laneState) room(most int) int { return max(most>>min(l.failures, 16), 1) - l.busy }

// maxLanes is how many receivers without attempts are remembered.
const maxLanes = 1000

// begin counts an attempt.
func (s *Sender) begin(p *store.Parcel) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy++
	s.spaces[p.Namespace]++
	l := s.lanes[p.Lane]
	if l == nil {
		l = &laneState{}
		s.lanes[p.Lane] = l
	}
	l.busy++
}

// end is the reverse of begin; who waited for room is looked at.
func (s *Sender) end(p *store.Parcel) {
	s.mu.Lock()
	s.busy--
	if s.spaces[p.Namespace]--; s.spaces[p.Namespace] == 0 {
		delete(s.spaces, p.Namespace)
	}
	l := s.lanes[p.Lane]
	l.busy--
	if l.busy == 0 && (l.failures == 0 || len(s.lanes) > maxLanes) {
		delete(s.lanes, p.Lane)
	}
	names := make([]string, 0, len(s.hungry))
	for ns := range s.hungry {
		names = append(names, ns)
	}
	clear(s.hungry)
	s.mu.Unlock()
	s.poke(names...)
}

// answered notes whether the receiver did.
func (s *Sender) answered(p *store.Parcel, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.lanes[p.Lane]
	if ok {
		l.failures = 0
	} else {
		l.failures++
	}
}
