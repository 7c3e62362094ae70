package platform

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// Hearth is a running `hearth up`, and a client of its namespace guest.
type Hearth struct {
	*Process
	Client
	// Data is the folder that it keeps its state in.
	Data string
}

var readyLine = regexp.MustCompile(`hearth is ready on (http://\S+)`)

// Up starts everything in one process on a free port of the loopback
// interface, and waits until it says that it is ready.
func Up(ctx context.Context, hearth string, c Command, data string, args ...string) (*Hearth, error) {
	c.Path = hearth
	c.Args = append([]string{"up", "--addr", "127.0.0.1:0", "--data", data}, args...)
	p, err := Start(c)
	if err != nil {
		return nil, err
	}
	h := &Hearth{Process: p, Data: data}
	if err := h.ready(ctx); err != nil {
		_ = p.Kill()
		return nil, err
	}
	return h, nil
}

func (h *Hearth) ready(ctx context.Context) error {
	if err := h.WaitFor(ctx, "hearth is ready on http"); err != nil {
		return err
	}
	err := Poll(ctx, func() error {
		m := readyLine.FindStringSubmatch(h.Output())
		if m == nil {
			return fmt.Errorf("no address in:\n%s", h.Output())
		}
		h.URL = m[1]
		return nil
	})
	if err != nil {
		return err
	}
	props, err := Wskprops(filepath.Join(h.Data, "wskprops"))
	if err != nil {
		return err
	}
	h.Auth = props["AUTH"]
	h.HTTP = HTTPClient()
	return nil
}

// HTTPClient is a client with room for many connections to one server and
// without a proxy from the environment.
func HTTPClient() *http.Client {
	return &http.Client{
		Timeout:   2 * time.Minute,
		Transport: &http.Transport{MaxIdleConnsPerHost: 256, IdleConnTimeout: time.Minute},
	}
}

// Wskprops reads a file of lines KEY=value.
func Wskprops(path string) (map[string]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read wskprops: %w", err)
	}
	defer f.Close()
	return properties(f)
}

func properties(r io.Reader) (map[string]string, error) {
	props := map[string]string{}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		if key, value, ok := strings.Cut(lines.Text(), "="); ok {
			props[strings.TrimSpace(key)] = strings.TrimSpace(value)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read properties: %w", err)
	}
	return props, nil
}
