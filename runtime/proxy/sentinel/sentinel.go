// Package sentinel closes the logs of an activation.
package sentinel

import (
	"errors"
	"io"
	"os"
	"syscall"
	"time"
)

// Line ends the output of each activation, on stdout and on stderr, with a
// newline behind it.
const Line = "XXX_THE_END_OF_A_WHISK_ACTIVATION_XXX"

// Streams are the two streams that the platform reads as logs.
type Streams struct {
	Out, Err io.Writer
}

// Standard returns the streams of this process. Children inherit the same
// pipes, and some make them non-blocking, so that writes wait for room.
func Standard() Streams {
	return Streams{Out: patient(os.Stdout.Fd()), Err: patient(os.Stderr.Fd())}
}

// Close writes the sentinel to both. There is nobody to tell of an error:
// without readers no one misses the line.
func (s Streams) Close() {
	const line = Line + "\n"
	_, _ = io.WriteString(s.Out, line)
	_, _ = io.WriteString(s.Err, line)
}

// patient writes to a file descriptor and, if that is non-blocking and full,
// waits. An os.File would give up with EAGAIN, and the line would be lost.
type patient uintptr

func (p patient) Write(data []byte) (int, error) {
	written := 0
	for pause := time.Millisecond; written < len(data); {
		n, err := syscall.Write(int(p), data[written:])
		if n > 0 {
			written += n
			continue
		}
		switch {
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EAGAIN):
			time.Sleep(pause)
			pause = min(2*pause, 20*time.Millisecond)
		default:
			return written, err
		}
	}
	return written, nil
}
