package docker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/pkg/stdcopy"

	"github.com/hearth-faas/hearth/worker/engine"
)

// lastOutput bounds the wait for output of a container that is removed.
const lastOutput = 2 * time.Second

// stream is the one connection over which a container's output comes, from
// before its start to its end.
type stream struct {
	conn  net.Conn
	ended chan struct{} // closed when all output has been passed on
}

// attach connects to the output of a container that has not been started: the
// daemon subscribes before it answers, so that nothing is lost.
func (d *Docker) attach(ctx context.Context, id string, output engine.Output) (*stream, error) {
	var response types.HijackedResponse
	err := d.call(ctx, "attach to container "+id, queryTimeout, func(ctx context.Context) (err error) {
		stop := func() bool { return true }
		ctx = context.WithValue(ctx, dialed{}, func(conn net.Conn) {
			stop = context.AfterFunc(ctx, func() { _ = conn.Close() })
		})
		response, err = d.client.ContainerAttach(ctx, id, container.AttachOptions{Stream: true, Stdout: true, Stderr: true})
		if !stop() && err == nil {
			response.Close()
			err = context.Cause(ctx)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	s := &stream{conn: response.Conn, ended: make(chan struct{})}
	go s.pump(response.Reader, output)
	return s, nil
}

// pump passes the output on until the container ends or the daemon breaks the
// connection; the one who reads the output cannot tell these apart, and asks
// Inspect.
func (s *stream) pump(r io.Reader, output engine.Output) {
	_, _ = stdcopy.StdCopy(lenient(output.Stdout), lenient(output.Stderr), r)
	_ = s.conn.Close()
	output.End()
	close(s.ended)
}

// finish waits for the rest of the output of a removed container, and breaks
// the connection if it does not end.
func (s *stream) finish() error {
	if err := s.conn.SetReadDeadline(time.Now().Add(lastOutput)); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("limit the wait for output: %w", err)
	}
	<-s.ended
	return nil
}

// lenientWriter drops what its writer refuses. A container must not be held up
// by someone who has stopped listening.
type lenientWriter struct {
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
	if !l.failed {
		_, err := l.w.Write(p)
		l.failed = err != nil
	}
	return len(p), nil
}
