package whisk

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/hearth-faas/hearth/core"
)

// Capture collects the lines of one activation, from Begin until End.
type Capture struct {
	logs   *Logs
	id     core.ActivationID
	limit  int
	closed chan struct{} // both sentinels were seen

	// guarded by logs.mu
	seen  [2]bool
	lines []string
	size  int
	full  bool
}

// stamp is RFC 3339 in UTC with all nine digits, which is 30 characters.
const stamp = "2006-01-02T15:04:05.000000000Z"

// prefix is the length of what stands before the text of a line: the time, a
// space, "stdout" or "stderr", a colon and a space.
const prefix = len(stamp) + 1 + len("stdout") + 2

// Line returns a line in OpenWhisk's form: time, stream, text.
func Line(now time.Time, stream, text string) string {
	return string(appendLine(nil, now, stream, []byte(text)))
}

func appendLine(b []byte, now time.Time, stream string, text []byte) []byte {
	b = slices.Grow(b, prefix+len(text))
	b = now.UTC().AppendFormat(b, stamp)
	b = append(b, ' ')
	b = append(b, stream...)
	b = append(b, ": "...)
	return append(b, text...)
}

// Wait blocks until the runtime has closed both streams, the container's
// output has ended, or ctx is over. It says whether the logs are complete.
func (c *Capture) Wait(ctx context.Context) bool {
	select {
	case <-c.closed:
		return true
	case <-c.logs.ended:
		return true
	case <-ctx.Done():
		return false
	}
}

// WaitFor is Wait for a while.
func (c *Capture) WaitFor(d time.Duration) {
	select {
	case <-c.closed:
		return
	default:
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-c.closed:
	case <-c.logs.ended:
	case <-timer.C:
	}
}

// End stops the collection and returns the lines, an unfinished one included.
// When the limit cut something off, the last line says so.
func (c *Capture) End() []string {
	now := time.Now()
	c.logs.mu.Lock()
	defer c.logs.mu.Unlock()
	if len(c.logs.captures) == 1 && !(c.seen[0] && c.seen[1]) {
		c.logs.stdout.flush(now)
		c.logs.stderr.flush(now)
	}
	c.logs.captures = slices.DeleteFunc(c.logs.captures, func(o *Capture) bool { return o == c })
	lines := c.lines
	if c.full {
		lines = append(lines, Line(now, "stderr",
			fmt.Sprintf("Logs were truncated because the total bytes size exceeds the limit of %d bytes.", c.limit)))
	}
	return lines
}

// Since returns the lines that were collected so far, but for the first n, up
// to so many bytes; at least one if there is any. It is for those who look on.
func (c *Capture) Since(n, most int) []string {
	c.logs.mu.Lock()
	defer c.logs.mu.Unlock()
	end := min(n, len(c.lines))
	for size := 0; end < len(c.lines); end++ {
		if size += len(c.lines[end]); size > most && end > n {
			break
		}
	}
	return slices.Clone(c.lines[min(n, len(c.lines)):end])
}

// close notes that one stream has nothing more of the activation.
func (c *Capture) close(index int) {
	c.seen[index] = true
	if c.seen[0] && c.seen[1] {
		close(c.closed)
	}
}

// room is how many bytes of text may still be kept.
func (c *Capture) room() int {
	if c.full {
		return 0
	}
	return max(0, c.limit-c.size-prefix)
}

// add keeps the line, or as much of it as the limit allows.
func (c *Capture) add(stream string, text []byte, now time.Time) {
	if c.full || c.limit == 0 {
		return
	}
	if !utf8.Valid(text) {
		text = bytes.ToValidUTF8(text, []byte("\uFFFD"))
	}
	if room := c.limit - c.size - prefix; len(text) > room {
		c.full = true
		if room <= 0 {
			return
		}
		text = cutText(text, room)
	}
	line := appendLine(nil, now, stream, text)
	c.size += len(line)
	c.lines = append(c.lines, string(line))
}

// cutText returns at most n bytes of text, and no half of a character.
func cutText(text []byte, n int) []byte {
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}

// EndIfClosed is End, if the runtime has closed both streams already and no
// more than so many bytes were kept.
func (c *Capture) EndIfClosed(most int) (lines []string, ok bool) {
	c.logs.mu.Lock()
	ok = c.seen[0] && c.seen[1] && c.size <= most
	c.logs.mu.Unlock()
	if !ok {
		return nil, false
	}
	if lines = c.End(); lines == nil {
		lines = []string{}
	}
	return lines, true
}
