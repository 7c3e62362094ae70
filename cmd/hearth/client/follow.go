package client

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// When a stream of logs breaks, it is asked for again so often in a row
// without anything new, after this pause.
const (
	followTries = 5
	followPause = time.Second
)

// Follow calls show for each log line of an activation, those that are there
// and those that it prints until it ends, and returns how it ended. A
// connection that breaks is made anew, and goes on where it was.
func (c *Client) Follow(ctx context.Context, id string, show func(line string) error) (status string, err error) {
	f := follower{client: c, path: "/namespaces/_/activations/" + url.PathEscape(id) + "/logs", show: show}
	for try := 1; ; try++ {
		before := f.last
		status, err := f.stream(ctx)
		if err == nil || ctx.Err() != nil || f.failed {
			return status, err
		}
		var no *Error
		if errors.As(err, &no) && no.Status < 500 && no.Status != http.StatusTooManyRequests {
			return "", err
		}
		if f.last != before {
			try = 0
		}
		if try >= followTries {
			return "", err
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(followPause):
		}
	}
}

type follower struct {
	client *Client
	path   string
	show   func(string) error
	last   string // id of the last line shown
	failed bool   // show did
}

// stream reads events until the end of the activation. It has no time limit:
// the platform sends something every few seconds for as long as it lives.
func (f *follower) stream(ctx context.Context) (status string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.client.base+f.path, nil)
	if err != nil {
		return "", fmt.Errorf("make request: %w", err)
	}
	req.SetBasicAuth(f.client.uuid, f.client.key)
	req.Header.Set("Accept", "text/event-stream")
	if f.last != "" {
		req.Header.Set("Last-Event-ID", f.last)
	}
	endless := &http.Client{Transport: f.client.http.Transport}
	res, err := endless.Do(req)
	if err != nil {
		return "", fmt.Errorf("call the platform: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		b, _ := io.ReadAll(io.LimitReader(res.Body, 1<<20))
		return "", failure(res.StatusCode, b)
	}
	if !strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") {
		return "", &Error{Status: http.StatusNotAcceptable, Message: "the platform shows no logs of what still runs"}
	}
	return f.events(bufio.NewReader(res.Body))
}

// events reads the stream; each event ends with an empty line.
func (f *follower) events(r *bufio.Reader) (status string, err error) {
	var kind, id string
	var data []string
	for {
		text, err := r.ReadString('\n')
		if err != nil {
			return "", fmt.Errorf("read the logs: %w", err)
		}
		field, value, _ := strings.Cut(strings.TrimSuffix(text, "\n"), ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "event":
			kind = value
		case "id":
			id = value
		case "data":
			data = append(data, value)
		}
		if text != "\n" {
			continue
		}
		line := strings.Join(data, "\n")
		switch {
		case kind == "end":
			return line, nil
		case data != nil:
			if err := f.show(line); err != nil {
				f.failed = true
				return "", err
			}
			f.last = id
		}
		kind, data = "", nil
	}
}
