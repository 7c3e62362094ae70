package whisk

import (
	"bytes"
	"time"
)

// maxStray is how much of an unfinished line is held while no activation runs.
const maxStray = 64 << 10

// stream cuts one of the container's outputs into lines. Memory stays bounded
// by the log limit, however long a line is: what will not be kept is dropped
// as it is read, but for an end long enough to know the sentinel by.
type stream struct {
	logs  *Logs
	index int
	name  string

	// guarded by logs.mu
	held []byte // the unfinished line
	cut  bool   // bytes of it were dropped
	tail []byte // its last bytes, when cut
}

// Write never fails: a container must not stall for its logs.
func (s *stream) Write(p []byte) (int, error) {
	now := time.Now()
	n := len(p)
	s.logs.mu.Lock()
	defer s.logs.mu.Unlock()
	for len(p) > 0 {
		i := bytes.IndexByte(p, '\n')
		if i < 0 {
			s.hold(p)
			break
		}
		if len(s.held) == 0 && !s.cut {
			s.line(p[:i], p[:i], now)
		} else {
			s.hold(p[:i])
			s.flush(now)
		}
		p = p[i+1:]
	}
	return n, nil
}

// hold appends to the unfinished line.
func (s *stream) hold(p []byte) {
	room := maxStray
	if c := s.logs.current(); c != nil {
		room = c.room() + len(Sentinel)
	}
	if over := s.logs.overhead(); over > 0 { // the line may be any one's
		for _, c := range s.logs.captures {
			room = max(room, c.room()+len(Sentinel)+over)
		}
	}
	if !s.cut {
		keep := min(len(p), max(0, room-len(s.held)))
		s.held = append(s.held, p[:keep]...)
		if keep == len(p) {
			return
		}
		s.cut = true
		s.tail = append(s.tail[:0], s.held[max(0, len(s.held)-len(Sentinel)):]...)
		p = p[keep:]
	}
	s.tail = append(s.tail, p[max(0, len(p)-len(Sentinel)):]...)
	s.tail = s.tail[max(0, len(s.tail)-len(Sentinel)):]
}

// flush ends the unfinished line, if there is one.
func (s *stream) flush(now time.Time) {
	if len(s.held) == 0 && !s.cut {
		return
	}
	end := s.held
	if s.cut {
		end = s.tail
	}
	s.line(s.held, end, now)
	s.cut = false
	if s.held = s.held[:0]; cap(s.held) > maxStray {
		s.held = nil
	}
}

// line hands on one line, whose last bytes are end. The sentinel can share
// its line with output that had no newline of its own.
func (s *stream) line(text, end []byte, now time.Time) {
	if s.logs.marked(s, text, now) {
		return
	}
	closes := bytes.HasSuffix(end, []byte(Sentinel))
	if closes && !s.cut {
		text = text[:len(text)-len(Sentinel)]
	}
	if c := s.logs.current(); c != nil && (!closes || len(text) > 0) {
		c.add(s.name, text, now)
	}
	if closes {
		s.logs.sentinel(s.index)
	}
}
