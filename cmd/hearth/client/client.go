// Package client speaks the OpenWhisk REST API from the caller's side: it is
// what the user commands of hearth use, against this platform or any other
// that keeps the API.
package client

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// MaxAnswer bounds how much of an answer is read, in bytes: an action with
// its code is the largest thing there is.
const MaxAnswer = 96 << 20

// Options of a Client.
type Options struct {
	// Host is the address of the platform: "host:port" or a URL. Without a
	// scheme it means https, as in other clients of the API.
	Host string
	// Auth is "uuid:key".
	Auth string
	// Insecure accepts any certificate.
	Insecure bool
	// Timeout bounds one request; 0 means 2 minutes, more than the longest
	// blocking call.
	Timeout time.Duration
}

// Client calls one platform as one namespace. It is safe for concurrent use.
type Client struct {
	base      string
	uuid, key string
	http      *http.Client
	header    http.Header // of every request, beside its own
}

// New makes a Client; it fails on a host or key that cannot be one.
func New(opt Options) (*Client, error) {
	if opt.Host == "" {
		return nil, errors.New("no platform is named: use --apihost, or a property file with APIHOST")
	}
	host := opt.Host
	if !strings.Contains(host, "://") {
		host = "https://" + host
	}
	u, err := url.Parse(host)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fmt.Errorf("the API host %q is no address", opt.Host)
	}
	uuid, key, ok := strings.Cut(opt.Auth, ":")
	if !ok || uuid == "" || key == "" {
		return nil, errors.New("no usable key: use --auth uuid:key, or a property file with AUTH")
	}
	if opt.Timeout == 0 {
		opt.Timeout = 2 * time.Minute
	}
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment}
	if opt.Insecure {
		transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: true} //nolint:gosec // asked for with --insecure
	}
	return &Client{
		base: strings.TrimSuffix(u.String(), "/") + "/api/v1",
		uuid: uuid, key: key,
		http: &http.Client{Transport: transport, Timeout: opt.Timeout},
	}, nil
}

// Error is an answer that says no.
type Error struct {
	Status  int    // of HTTP
	Message string // the server's sentence
	Code    string // the transaction, to look for in the server's log
	Body    json.RawMessage
}

// Error returns the server's sentence with the status.
func (e *Error) Error() string {
	text := e.Message
	if text == "" {
		text = http.StatusText(e.Status)
	}
	if e.Code != "" {
		return fmt.Sprintf("%s (status %d, transaction %s)", text, e.Status, e.Code)
	}
	return fmt.Sprintf("%s (status %d)", text, e.Status)
}

// With returns a client that sends these headers too.
func (c *Client) With(header http.Header) *Client {
	with := *c
	with.header = header
	return &with
}

// Auth returns "uuid:key", which feeds get so that they can fire a trigger.
func (c *Client) Auth() string { return c.uuid + ":" + c.key }

// WebURL returns the address of a web action of a namespace.
func (c *Client) WebURL(namespace string, n Name) string {
	pkg := n.Package
	if pkg == "" {
		pkg = "default"
	}
	return c.base + "/web/" + url.PathEscape(namespace) + "/" + url.PathEscape(pkg) + "/" + url.PathEscape(n.Name)
}

// do sends a request with in as its JSON body (none for nil), and returns the
// status and body of an answer of class 2xx; any other is an *Error.
func (c *Client) do(ctx context.Context, method, path string, query url.Values, in any) (int, json.RawMessage, error) {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return 0, nil, fmt.Errorf("encode request: %w", err)
		}
		body = bytes.NewReader(b)
	}
	address := c.base + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return 0, nil, fmt.Errorf("make request: %w", err)
	}
	maps.Copy(req.Header, c.header)
	req.SetBasicAuth(c.uuid, c.key)
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := c.http.Do(req)
	if err != nil {
		return 0, nil, fmt.Errorf("call the platform: %w", err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, MaxAnswer))
	if err != nil {
		return 0, nil, fmt.Errorf("read the answer: %w", err)
	}
	if res.StatusCode/100 != 2 {
		return res.StatusCode, nil, failure(res.StatusCode, b)
	}
	return res.StatusCode, b, nil
}

// failure reads an error body; one that is no JSON is kept as text.
func failure(status int, body []byte) *Error {
	e := &Error{Status: status, Body: body}
	var told struct {
		Error json.RawMessage `json:"error"`
		Code  any             `json:"code"`
	}
	if json.Unmarshal(body, &told) != nil {
		e.Body = nil
		e.Message = strings.TrimSpace(string(body[:min(len(body), 500)]))
		return e
	}
	if json.Unmarshal(told.Error, &e.Message) != nil {
		e.Message = string(told.Error)
	}
	if told.Code != nil {
		e.Code = fmt.Sprint(told.Code)
	}
	return e
}

// decode reads an answer into a value of type T.
func decode[T any](body json.RawMessage) (T, error) {
	var v T
	if err := json.Unmarshal(body, &v); err != nil {
		return v, fmt.Errorf("read the answer: %w", err)
	}
	return v, nil
}
