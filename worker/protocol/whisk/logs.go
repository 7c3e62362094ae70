package whisk

import (
	"io"
	"sync"
	"time"

	"github.com/hearth-faas/hearth/core"
)

// Sentinel is the line with which a runtime closes the logs of one activation
// on each of its two streams.
const Sentinel = "XXX_THE_END_OF_A_WHISK_ACTIVATION_XXX"

// Logs takes everything that one container prints in its life, and hands the
// lines to the activations that run in it. What is printed while none runs is
// dropped. When several activations share the container, lines go to the one
// that they are marked for, see Mark, and those that carry no mark to the one
// that began last.
type Logs struct {
	stdout, stderr stream

	mu       sync.Mutex
	captures []*Capture // that run, oldest first
	mark     []byte     // with the space behind it; nil when there is none
	marks    bool       // the runtime uses it
	ended    chan struct{}
	over     bool
}

// NewLogs returns the Logs of a new container.
func NewLogs() *Logs {
	l := &Logs{ended: make(chan struct{})}
	l.stdout = stream{logs: l, index: 0, name: "stdout"}
	l.stderr = stream{logs: l, index: 1, name: "stderr"}
	return l
}

// Stdout is where the container's standard output goes.
func (l *Logs) Stdout() io.Writer { return &l.stdout }

// Stderr is where the container's standard error goes.
func (l *Logs) Stderr() io.Writer { return &l.stderr }

// Close says that both streams have ended: a last line without newline is
// taken as it is, and nobody waits any longer.
func (l *Logs) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		return
	}
	l.over = true
	now := time.Now()
	l.stdout.flush(now)
	l.stderr.flush(now)
	close(l.ended)
}

// Ended is closed when both streams have ended.
func (l *Logs) Ended() <-chan struct{} { return l.ended }

// Begin starts the collection of an activation's lines, of which at most
// limit bytes are kept, time and stream included; with 0, none.
func (l *Logs) Begin(id core.ActivationID, limit int) *Capture {
	c := &Capture{logs: l, id: id, limit: limit, closed: make(chan struct{})}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.captures = append(l.captures, c)
	return c
}

// current returns the activation that a line belongs to, or nil.
func (l *Logs) current() *Capture {
	if n := len(l.captures); n > 0 {
		return l.captures[n-1]
	}
	return nil
}

// sentinel closes one stream of the oldest activation that still has it open.
// A runtime that marks lines says itself which one it closes.
func (l *Logs) sentinel(index int) {
	if l.marks {
		return
	}
	for _, c := range l.captures {
		if !c.seen[index] {
			c.close(index)
			return
		}
	}
}
