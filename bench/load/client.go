package load

import (
	"fmt"
	"net"
	"time"

	"github.com/valyala/fasthttp"
)

// Client posts one body to one address over kept connections. It is safe for
// concurrent use.
type Client struct {
	http *fasthttp.HostClient
	uri  string
	auth string
	body []byte
	want int
}

// Target is what a Client posts to.
type Target struct {
	// Network and Address are as for net.Dial: "tcp" and host:port, or "unix"
	// and a path.
	Network, Address string
	// Path of the request, with its query.
	Path string
	// Authorization is the value of that header; empty for none.
	Authorization string
	// Body is JSON.
	Body []byte
	// Status is the only answer that is no error; 0 means 200.
	Status int
	// Timeout of one call; 0 means 60 s.
	Timeout time.Duration
}

// NewClient makes a Client and connects nothing yet.
func NewClient(t Target) *Client {
	if t.Timeout == 0 {
		t.Timeout = time.Minute
	}
	if t.Status == 0 {
		t.Status = fasthttp.StatusOK
	}
	return &Client{
		http: &fasthttp.HostClient{
			Addr:                     t.Address,
			Dial:                     func(string) (net.Conn, error) { return net.Dial(t.Network, t.Address) },
			MaxConns:                 1024,
			ReadTimeout:              t.Timeout,
			WriteTimeout:             t.Timeout,
			NoDefaultUserAgentHeader: true,
		},
		uri:  "http://bench" + t.Path,
		auth: t.Authorization,
		body: t.Body,
		want: t.Status,
	}
}

// Post makes one call. An answer with another status than the wanted one is
// an error that quotes it.
func (c *Client) Post() error { return c.Exchange(nil) }

// Exchange is Post, and hands the answer's body to read, which must not keep
// it.
func (c *Client) Exchange(read func(body []byte) error) error {
	req, res := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(req)
	defer fasthttp.ReleaseResponse(res)
	req.SetRequestURI(c.uri)
	req.Header.SetMethod(fasthttp.MethodPost)
	req.Header.SetContentType("application/json")
	if c.auth != "" {
		req.Header.Set("Authorization", c.auth)
	}
	req.SetBodyRaw(c.body)
	if err := c.http.Do(req, res); err != nil {
		return fmt.Errorf("post %s: %w", c.uri, err)
	}
	if res.StatusCode() != c.want {
		return fmt.Errorf("post %s: status %d: %.200s", c.uri, res.StatusCode(), res.Body())
	}
	if read == nil {
		return nil
	}
	return read(res.Body())
}

// Close drops the kept connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }
