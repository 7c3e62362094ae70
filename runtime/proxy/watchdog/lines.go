package watchdog

import (
	"bytes"
	"log"
)

// lines writes what a process prints to the log, line by line.
type lines struct {
	log    *log.Logger
	prefix string // of each line
	most   int    // the longest line in bytes; longer ones are cut up; -1 is any
	buf    []byte
}

// newLines returns lines with date and name before them, or as they are.
func newLines(c *Config, l *log.Logger, name string) *lines {
	if !c.PrefixLogs {
		return &lines{log: log.New(l.Writer(), "", 0), most: c.LogBuffer}
	}
	return &lines{log: l, prefix: name + ": ", most: c.LogBuffer}
}

// Write takes any part of the output. It never fails: a process must not be
// stopped because it prints.
func (l *lines) Write(p []byte) (int, error) {
	l.buf = append(l.buf, p...)
	for {
		line, rest, found := bytes.Cut(l.buf, []byte("\n"))
		switch {
		case l.most > 0 && len(line) > l.most:
			l.print(l.buf[:l.most])
			l.buf = l.buf[l.most:]
		case found:
			l.print(line)
			l.buf = rest
		default:
			return len(p), nil
		}
	}
}

// end prints a last line without a newline.
func (l *lines) end() {
	if len(l.buf) > 0 {
		l.print(l.buf)
		l.buf = nil
	}
}

func (l *lines) print(line []byte) {
	l.log.Printf("%s%s", l.prefix, bytes.TrimSuffix(line, []byte("\r")))
}
