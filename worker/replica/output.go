package replica

import (
	"bytes"
	"context"
	"sync"
	"time"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
	"github.com/hearth-faas/hearth/worker/engine"
)

const (
	// maxLine is the longest line of a function's log, in bytes; a longer one
	// is cut into several.
	maxLine = 16 << 10
	// maxLines is how many lines wait to be written; more are dropped, rather
	// than that a function is held up.
	maxLines = 4096
	// linesEvery is how often lines are written.
	linesEvery = 200 * time.Millisecond
)

// printed holds the lines that replicas have printed and nobody has written.
type printed struct {
	mu    sync.Mutex
	lines []store.FunctionLine
	some  chan struct{} // there are lines
}

func newPrinted() *printed { return &printed{some: make(chan struct{}, 1)} }

func (p *printed) add(l store.FunctionLine) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.lines) >= maxLines {
		return
	}
	p.lines = append(p.lines, l)
	select {
	case p.some <- struct{}{}:
	default:
	}
}

func (p *printed) take() []store.FunctionLine {
	p.mu.Lock()
	defer p.mu.Unlock()
	lines := p.lines
	p.lines = nil
	return lines
}

// logs writes what replicas print, in portions, until ctx ends.
func (m *Manager) logs(ctx context.Context) {
	if m.opt.Log == nil {
		return
	}
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-m.printed.some:
			if err := m.opt.Log(context.WithoutCancel(ctx), m.printed.take()); err != nil {
				m.log.Warn("lines of functions were lost", "err", err)
			}
			select {
			case <-ctx.Done():
			case <-time.After(linesEvery):
			}
		}
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), againAfter)
	defer cancel()
	if err := m.opt.Log(last, m.printed.take()); err != nil {
		m.log.Warn("lines of functions were lost", "err", err)
	}
}

// output takes what a replica prints.
func (m *Manager) output(name core.Name, r *replica) engine.Output {
	out := engine.Output{Close: func() { close(r.ended) }}
	if m.opt.Log == nil {
		return out
	}
	stdout, stderr := &printer{to: m.printed, name: name, instance: r.instance}, &printer{to: m.printed, name: name, instance: r.instance}
	out.Stdout, out.Stderr = stdout, stderr
	out.Close = func() {
		stdout.flush()
		stderr.flush()
		close(r.ended)
	}
	return out
}

// printer cuts one stream of a replica into lines.
type printer struct {
	to       *printed
	name     core.Name
	instance string
	held     []byte // the unfinished line
}

// Write never fails: a function must not stall for its log.
func (p *printer) Write(b []byte) (int, error) {
	n := len(b)
	for len(b) > 0 {
		i := bytes.IndexByte(b, '\n')
		part := b
		if i >= 0 {
			part = b[:i]
		}
		room := maxLine - len(p.held)
		if len(part) > room {
			p.held = append(p.held, part[:room]...)
			b = b[room:]
			p.flush()
			continue
		}
		p.held = append(p.held, part...)
		if i < 0 {
			break
		}
		p.flush()
		b = b[i+1:]
	}
	return n, nil
}

func (p *printer) flush() {
	if len(p.held) == 0 {
		return
	}
	p.to.add(store.FunctionLine{Function: p.name, Instance: p.instance, At: time.Now(), Text: string(bytes.ToValidUTF8(p.held, []byte("\uFFFD")))})
	p.held = p.held[:0]
}
