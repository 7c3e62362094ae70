package docker

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/hearth-faas/hearth/worker/engine"
)

// outlet is a named pipe in the socket folder of a container. The proxy puts
// it in the place of one of its output streams, so that what the action prints
// comes here without a detour through the daemon and its shim, which cost more
// than a short call does. What was written stays in the pipe when the container
// is killed. The image of somebody else's making never opens it.
type outlet struct {
	read *os.File
	hold *os.File // keeps the pipe from ending before the container opens it
}

// outletSize is how much is read at once.
const outletSize = 16 << 10

// openOutlets makes the two pipes in the folder.
func openOutlets(dir string) (outlets [2]outlet, err error) {
	for i, name := range []string{engine.PipeStdout, engine.PipeStderr} {
		if outlets[i], err = openOutlet(filepath.Join(dir, name)); err != nil {
			outlets[0].close()
			return outlets, fmt.Errorf("make pipe for output: %w", err)
		}
	}
	return outlets, nil
}

func openOutlet(path string) (o outlet, err error) {
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		return o, &os.PathError{Op: "mkfifo", Path: path, Err: err}
	}
	if err := os.Chmod(path, 0o666); err != nil { //nolint:gosec // for the user that the container alone has
		return o, err
	}
	// Neither waits for the other side: the reader by the flag, and the writer
	// because there is a reader.
	if o.read, err = os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0); err != nil {
		return o, err
	}
	if o.hold, err = os.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK, 0); err != nil {
		return o, errors.Join(err, o.read.Close())
	}
	return o, nil
}

// copy passes on what comes, until nobody can write any more.
func (o outlet) copy(w io.Writer) {
	if o.read == nil {
		return
	}
	buf := make([]byte, outletSize)
	for {
		n, err := o.read.Read(buf)
		_, _ = w.Write(buf[:n]) // w is lenient
		if err != nil {
			return
		}
	}
}

// letGo leaves the pipe to the container: it ends with the last process there.
func (o outlet) letGo() {
	if o.hold != nil {
		_ = o.hold.Close()
	}
}

func (o outlet) close() {
	o.letGo()
	if o.read != nil {
		_ = o.read.Close()
	}
}

// limit bounds the wait for more. A pipe that is closed needs no bound.
func (o outlet) limit(t time.Time) error {
	if o.read == nil {
		return nil
	}
	if err := o.read.SetReadDeadline(t); errors.Is(err, os.ErrNoDeadline) {
		return fmt.Errorf("limit the wait for output: %w", err)
	}
	return nil
}

// lenientWriter drops what its writer refuses. A container must not be held up
// by someone who has stopped listening. It takes the output of the daemon and
// of a pipe.
type lenientWriter struct {
	mu     sync.Mutex
	w      io.Writer
	failed bool
}

func lenient(w io.Writer) io.Writer {
	if w == nil {
		return io.Discard
	}
	return &lenientWriter{w: w}
}

func (l *lenientWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.failed && len(p) > 0 {
		_, err := l.w.Write(p)
		l.failed = err != nil
	}
	return len(p), nil
}
