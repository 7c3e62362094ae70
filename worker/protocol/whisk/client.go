package whisk

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/hearth-faas/hearth/core"
)

// Client calls one container over connections that it keeps. It writes and
// reads on its caller's goroutine, which a general client does not and which
// is a third of the cost of a short call. It is safe for concurrent use.
type Client struct {
	network, address string
	ended            <-chan struct{}

	mu     sync.Mutex
	closed bool
	idle   []*conn // last used last
}

// keep is how long an unused connection is trusted. Runtimes close theirs
// after 5 s (Node.js) or more; a request that races with that is lost.
const keep = 2 * time.Second

// retryDial is the pause between attempts to connect; OpenWhisk's is 50 ms.
const retryDial = 10 * time.Millisecond

type conn struct {
	net.Conn
	r     *bufio.Reader
	since time.Time // of the last use
}

// NewClient returns a Client for the address, as for net.Dial. It connects
// when it is first used. ended is closed when the container has no more to
// say: one that refuses connections by then will not take any. Nil never ends.
func NewClient(network, address string, ended <-chan struct{}) *Client {
	return &Client{network: network, address: address, ended: ended}
}

// Reset drops the connections that are not in use: those of a container that
// was frozen may be closed by it as soon as it runs again.
func (c *Client) Reset() {
	c.mu.Lock()
	idle := c.idle
	c.idle = nil
	c.mu.Unlock()
	for _, k := range idle {
		k.Close()
	}
}

// Close drops all connections; those in use are dropped by their users.
func (c *Client) Close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.Reset()
}

func (c *Client) post(ctx context.Context, path string, body []byte, patience time.Duration) (Answer, error) {
	k, err := c.get(ctx, patience)
	if err != nil {
		return Answer{}, err
	}
	deadline, _ := ctx.Deadline()
	if err := k.SetDeadline(deadline); err != nil { // the zero time means none
		k.Close()
		return Answer{}, fmt.Errorf("%w: %w", ErrBroken, err)
	}
	stop := context.AfterFunc(ctx, func() { _ = k.SetDeadline(time.Unix(1, 0)) })
	answer, reusable, err := k.exchange(path, body)
	if !stop() || err != nil || !reusable {
		k.Close()
	} else {
		c.put(k)
	}
	switch {
	case err == nil:
		return answer, nil
	case ctx.Err() != nil:
		return Answer{}, context.Cause(ctx)
	case errors.Is(err, os.ErrDeadlineExceeded): // the connection's clock was first
		return Answer{}, context.DeadlineExceeded
	}
	return Answer{}, fmt.Errorf("%w: %w", ErrBroken, err)
}

// get returns a kept connection that is still open, or a new one.
func (c *Client) get(ctx context.Context, patience time.Duration) (*conn, error) {
	for {
		c.mu.Lock()
		n := len(c.idle)
		if n == 0 {
			c.mu.Unlock()
			return c.dial(ctx, patience)
		}
		k := c.idle[n-1]
		c.idle = c.idle[:n-1]
		c.mu.Unlock()
		if time.Since(k.since) < keep && k.open() {
			return k, nil
		}
		k.Close()
	}
}

func (c *Client) put(k *conn) {
	k.since = time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || k.SetDeadline(time.Time{}) != nil {
		k.Close()
		return
	}
	c.idle = append(c.idle, k)
}

// dial connects, and tries again for as long as patience lasts and the
// container lives. A unix socket whose backlog is full gives EAGAIN: that is worth waiting for in any case.
func (c *Client) dial(ctx context.Context, patience time.Duration) (*conn, error) {
	until := time.Now().Add(patience)
	var d net.Dialer
	for {
		nc, err := d.DialContext(ctx, c.network, c.address)
		if err == nil {
			return &conn{Conn: nc, r: bufio.NewReader(nc)}, nil
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if !errors.Is(err, syscall.EAGAIN) && (c.over() || !time.Now().Before(until)) {
			return nil, fmt.Errorf("%w: %w", ErrRefused, err)
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(retryDial):
		}
	}
}

// over says whether the container has ended, as far as its output tells.
func (c *Client) over() bool {
	select {
	case <-c.ended:
		return true
	default:
		return false
	}
}

// open says whether the other side has neither closed the connection nor sent
// what nobody asked for.
func (k *conn) open() bool {
	sc, ok := k.Conn.(syscall.Conn)
	if !ok || k.r.Buffered() > 0 {
		return false
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return false
	}
	var peek error
	var b [1]byte
	err = raw.Read(func(fd uintptr) bool {
		if _, peek = syscall.Read(int(fd), b[:]); peek == nil {
			peek = io.EOF // end of file, or a byte out of turn
		}
		return true
	})
	return err == nil && errors.Is(peek, syscall.EAGAIN)
}

// exchange sends the request and reads the answer. A container may answer
// before it has read everything, and then break the connection: the answer
// counts.
func (k *conn) exchange(path string, body []byte) (a Answer, reusable bool, err error) {
	head := make([]byte, 0, 128)
	head = append(head, "POST "...)
	head = append(head, path...)
	head = append(head, " HTTP/1.1\r\nHost: action\r\nContent-Type: application/json\r\nContent-Length: "...)
	head = strconv.AppendInt(head, int64(len(body)), 10)
	head = append(head, "\r\n\r\n"...)
	pieces := net.Buffers{head, body}
	_, sent := pieces.WriteTo(k.Conn)
	a, reusable, err = k.read()
	return a, reusable && sent == nil, err
}

func (k *conn) read() (Answer, bool, error) {
	res, err := http.ReadResponse(k.r, nil)
	for err == nil && res.StatusCode < http.StatusOK { // informational
		res, err = http.ReadResponse(k.r, nil)
	}
	if err != nil {
		return Answer{}, false, err
	}
	defer res.Body.Close()
	a := Answer{Status: res.StatusCode, Length: res.ContentLength}
	if a.Length >= 0 {
		a.Body = make([]byte, min(a.Length, core.MaxResult))
		_, err = io.ReadFull(res.Body, a.Body)
		return a, !res.Close && a.Length <= core.MaxResult, err
	}
	if a.Body, err = io.ReadAll(io.LimitReader(res.Body, core.MaxResult)); err != nil {
		return Answer{}, false, err
	}
	rest, err := io.Copy(io.Discard, res.Body)
	a.Length = int64(len(a.Body)) + rest
	return a, !res.Close, err
}
