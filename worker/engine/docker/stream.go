package docker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/pkg/stdcopy"

	"github.com/hearth-faas/hearth/worker/engine"
)

// lastOutput bounds the wait for output of a container that is removed.
const lastOutput = 2 * time.Second

// stream is a container's output, from before its start to its end. It comes
// over one connection to the daemon, and with images of ours through outlets:
// there the connection ends when the proxy has taken those into use.
type stream struct {
	conn    net.Conn
	outlets [2]outlet     // zero for a foreign image
	ended   chan struct{} // closed when all output has been passed on
}

// attach connects to the output of a container that has not been started: the
// daemon subscribes before it answers, so that nothing is lost. dir is the
// container's socket folder, or empty.
func (d *Docker) attach(ctx context.Context, id, dir string, output engine.Output) (*stream, error) {
	s := &stream{ended: make(chan struct{})}
	if dir != "" {
		var err error
		if s.outlets, err = openOutlets(dir); err != nil {
			return nil, err
		}
	}
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
		for _, o := range s.outlets {
			o.close()
		}
		return nil, err
	}
	s.conn = response.Conn
	go s.pump(response.Reader, output)
	return s, nil
}

// pump passes the output on until the container ends, or the daemon breaks the
// connection while that is all there is; the one who reads the output cannot
// tell these apart, and asks Inspect.
func (s *stream) pump(r io.Reader, output engine.Output) {
	stdout, stderr := lenient(output.Stdout), lenient(output.Stderr)
	var pipes sync.WaitGroup
	pipes.Go(func() { s.outlets[0].copy(stdout) })
	pipes.Go(func() { s.outlets[1].copy(stderr) })
	_, _ = stdcopy.StdCopy(stdout, stderr, r)
	_ = s.conn.Close()
	for _, o := range s.outlets {
		o.letGo()
	}
	pipes.Wait()
	for _, o := range s.outlets {
		o.close()
	}
	output.End()
	close(s.ended)
}

// finish waits for the rest of the output of a removed container, and breaks
// the connection if it does not end.
func (s *stream) finish() error {
	last := time.Now().Add(lastOutput)
	if err := s.conn.SetReadDeadline(last); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("limit the wait for output: %w", err)
	}
	for _, o := range s.outlets {
		if err := o.limit(last); err != nil {
			return err
		}
	}
	<-s.ended
	return nil
}
