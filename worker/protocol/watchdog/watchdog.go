// Package watchdog speaks with one replica of a function: a container that
// serves plain HTTP on one port, as both OpenFaaS watchdogs and any other web
// server do. It finds out when the replica is ready, passes requests on to it
// with everything streamed both ways, and makes one call of an activation.
package watchdog

import (
	"errors"
	"net"
	"net/http"
	"sync"
	"time"
)

// ErrRefused says that no connection to the replica could be made, so that
// nothing was sent and another may be asked.
var ErrRefused = errors.New("replica refuses connections")

const (
	// dialTimeout bounds a connection to a container on this machine.
	dialTimeout = 2 * time.Second
	// keepIdle is how long an unused connection is trusted: servers close
	// theirs after 5 s (Node.js) or more, and a request would race with that.
	keepIdle = 2 * time.Second
	// maxIdle is how many unused connections are kept.
	maxIdle = 256
	// expectWait is how long a client's "Expect: 100-continue" may hold back
	// the body from a server that does not know it.
	expectWait = time.Second
)

// Client calls one replica over connections that it keeps. It is safe for
// concurrent use.
type Client struct {
	address   string
	transport *http.Transport
}

// NewClient returns a Client for the address, as for net.Dial. It connects
// when it is first used.
func NewClient(network, address string) *Client {
	dialer := &net.Dialer{Timeout: dialTimeout}
	host := address
	if network == "unix" {
		host = "function" // the address is no host
	}
	return &Client{address: host, transport: &http.Transport{
		DialContext:           dial(dialer, network, address),
		DisableCompression:    true, // the body stays as it is
		MaxIdleConnsPerHost:   maxIdle,
		IdleConnTimeout:       keepIdle,
		ExpectContinueTimeout: expectWait,
		WriteBufferSize:       16 << 10,
		ReadBufferSize:        16 << 10,
	}}
}

// RoundTrip sends the request to the replica, whatever host it names. It
// follows no redirect. The error is ErrRefused when nothing was sent.
func (c *Client) RoundTrip(r *http.Request) (*http.Response, error) {
	r.URL.Scheme, r.URL.Host = "http", c.address
	return c.transport.RoundTrip(r)
}

// Close drops the connections that are not in use.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// buffers are shared by all copies of bodies.
type buffers struct{ pool sync.Pool }

// bufferSize is that of one piece of a body.
const bufferSize = 32 << 10

func newBuffers() *buffers {
	return &buffers{sync.Pool{New: func() any { b := make([]byte, bufferSize); return &b }}}
}

// Get returns a buffer.
func (b *buffers) Get() []byte { return *b.pool.Get().(*[]byte) } //nolint:forcetypeassert // of its own New

// Put takes it back.
func (b *buffers) Put(p []byte) { b.pool.Put(&p) }
