package callback

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/hearth-faas/hearth/core"
)

const (
	maxAnswer = 64 << 10 // bytes of an answer's body that are read
	maxHeader = 64 << 10 // and of its headers
)

// newClient returns the client that calls receivers. It uses no proxy, since
// that would connect for it, to whatever address.
func newClient(opt Options) *http.Client {
	dialer := &net.Dialer{Timeout: opt.Timeout, Control: opt.Policy.control, Resolver: opt.Resolver}
	return &http.Client{
		Transport: &http.Transport{
			DialContext:            dialer.DialContext,
			MaxIdleConns:           opt.Abreast,
			MaxIdleConnsPerHost:    opt.Host,
			IdleConnTimeout:        30 * time.Second,
			TLSHandshakeTimeout:    opt.Timeout,
			MaxResponseHeaderBytes: maxHeader,
			DisableCompression:     true,
			ForceAttemptHTTP2:      true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// answer is what a receiver said.
type answer struct {
	status int
	after  time.Duration // that it asks to be left alone
}

// post sends the message and reads the answer, as much of it as matters.
func (s *Sender) post(ctx context.Context, url string, m Message) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(m.Body))
	if err != nil {
		return answer{}, core.Errorf(core.KindInvalid, "The callback URL is not valid.")
	}
	req.Header = m.Header
	res, err := s.http.Do(req)
	if err != nil {
		return answer{}, fmt.Errorf("call receiver: %w", err)
	}
	defer res.Body.Close()
	// What was said counts; a body that is too long or too slow costs the
	// connection, and no more.
	_, _ = io.CopyN(io.Discard, res.Body, maxAnswer)
	return answer{res.StatusCode, retryAfter(res.StatusCode, res.Header, time.Now())}, nil
}
