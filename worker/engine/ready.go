package engine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"
)

// EnvSocket names, in the environment of an image of ours, the unix socket on
// which the proxy listens. Without it the proxy listens on TCP port 8080.
const EnvSocket = "HEARTH_SOCKET"

// PipeStdout and PipeStderr are the named pipes that may lie beside the
// socket. The proxy prints to them, and so does all that it starts, instead of
// to the streams that it was started with.
const (
	PipeStdout = "stdout"
	PipeStderr = "stderr"
)

// DefaultReadyTimeout is what a Spec without ReadyTimeout gets.
const DefaultReadyTimeout = time.Minute

// ErrEnded is the answer of AwaitConnection when the container ended first.
var ErrEnded = errors.New("container ended before it accepted a connection")

const (
	firstPoll   = time.Millisecond
	slowestPoll = 5 * time.Millisecond
	// An address on a bridge whose container is not up yet can swallow a dial
	// for a second or more; a fresh dial is answered sooner.
	dialTimeout = 250 * time.Millisecond
)

// AwaitConnection returns nil once address accepts a connection, ErrEnded when
// ended is closed before, and ctx's cause when that is over. It polls: a
// socket file that appears is not yet one that listens, and a poll of 1 to
// 5 ms costs less than being told.
func AwaitConnection(ctx context.Context, network, address string, ended <-chan struct{}) error {
	dialer := net.Dialer{Timeout: dialTimeout}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for wait := firstPoll; ; wait = min(2*wait, slowestPoll) {
		conn, err := dialer.DialContext(ctx, network, address)
		if err == nil {
			return conn.Close()
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s to accept connections: %w", address, context.Cause(ctx))
		case <-ended:
			return ErrEnded
		case <-timer.C:
		}
	}
}
