package whisk

import (
	"bytes"
	"crypto/rand"
	"time"
)

// idLength is that of an activation id.
const idLength = 32

// Mark returns the secret word with which the runtime of this container may
// begin lines, to say which activation printed them:
//
//	<mark> <activation id> <text>
//	<mark> <activation id>
//
// The latter closes the stream for the activation, in place of the sentinel.
// The word differs from container to container, so that no output looks like
// that by accident or by what a caller sends.
func (l *Logs) Mark() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.mark == nil {
		l.mark = append([]byte(rand.Text()), ' ')
	}
	return string(l.mark[:len(l.mark)-1])
}

// marked handles a line that carries the mark, and says whether it does. What
// stands before the mark had no end of its own, and is a line without a mark.
func (l *Logs) marked(s *stream, text []byte, now time.Time) bool {
	if l.mark == nil {
		return false
	}
	before, text, found := bytes.Cut(text, l.mark)
	id, text, more := bytes.Cut(text, []byte(" "))
	if !found || len(id) != idLength {
		return false
	}
	l.marks = true
	if c := l.current(); c != nil && len(before) > 0 {
		c.add(s.name, before, now)
	}
	for _, c := range l.captures {
		if string(c.id) != string(id) {
			continue
		}
		if more {
			c.add(s.name, text, now)
		} else if !c.seen[s.index] {
			c.close(s.index)
		}
	}
	return true // a late line of one that has ended is dropped
}

// overhead is how much longer than its text a marked line is.
func (l *Logs) overhead() int {
	if l.mark == nil {
		return 0
	}
	return len(l.mark) + idLength + 1
}
