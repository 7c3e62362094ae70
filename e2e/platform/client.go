package platform

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Client speaks the OpenWhisk API as one namespace. It is safe for concurrent
// use.
type Client struct {
	// URL is that of the server, as in "http://127.0.0.1:3233".
	URL string
	// Auth is "uuid:secret".
	Auth string
	// HTTP is the client to use; nil means http.DefaultClient.
	HTTP *http.Client
	// Record, if set, receives the head and body of every answer.
	Record io.Writer
}

// Answer is what the server said.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Activation is a record, as far as tests look at it.
type Activation struct {
	ID       string `json:"activationId"`
	Name     string `json:"name"`
	Cause    string `json:"cause"`
	Start    int64  `json:"start"`
	End      int64  `json:"end"`
	Duration int64  `json:"duration"`
	Response struct {
		Status  string          `json:"status"`
		Success bool            `json:"success"`
		Result  json.RawMessage `json:"result"`
	} `json:"response"`
	Logs        []string `json:"logs"`
	Annotations []struct {
		Key   string          `json:"key"`
		Value json.RawMessage `json:"value"`
	} `json:"annotations"`
}

// Annotation returns the value of an annotation, nil when there is none.
func (a *Activation) Annotation(key string) json.RawMessage {
	for _, kv := range a.Annotations {
		if kv.Key == key {
			return kv.Value
		}
	}
	return nil
}

// Cold says whether the activation began with an /init.
func (a *Activation) Cold() bool { return a.Annotation("initTime") != nil }

// Action is what PutAction needs to know.
type Action struct {
	Kind, Code  string
	Main        string
	Components  []string // of a sequence; Kind "sequence"
	Params      map[string]any
	Annotations map[string]any
	Limits      map[string]any // timeout in ms, memory and logs in MB
}

// Do makes one request below /api/v1/namespaces/_/. A body that is not nil is
// sent as JSON.
func (c *Client) Do(ctx context.Context, method, path string, body any) (*Answer, error) {
	var r io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("encode request: %w", err)
		}
		r = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.URL+"/api/v1/namespaces/_/"+path, r)
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	user, key, _ := strings.Cut(c.Auth, ":")
	req.SetBasicAuth(user, key)
	return c.Send(req)
}

// Send makes a request of the caller's own making.
func (c *Client) Send(req *http.Request) (*Answer, error) {
	h := c.HTTP
	if h == nil {
		h = http.DefaultClient
	}
	res, err := h.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", req.Method, req.URL.Path, err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, fmt.Errorf("%s %s: read answer: %w", req.Method, req.URL.Path, err)
	}
	if c.Record != nil {
		if _, err := fmt.Fprintf(c.Record, "%s %s %d %v\n%s\n", req.Method, req.URL, res.StatusCode, res.Header, b); err != nil {
			return nil, fmt.Errorf("record answer: %w", err)
		}
	}
	return &Answer{Status: res.StatusCode, Header: res.Header, Body: b}, nil
}

// expect turns any other status into an error, and decodes the body into v
// unless it is nil.
func (a *Answer) expect(status int, v any) error {
	if a.Status != status {
		return fmt.Errorf("status %d, want %d: %.1000s", a.Status, status, a.Body)
	}
	if v == nil {
		return nil
	}
	if err := json.Unmarshal(a.Body, v); err != nil {
		return fmt.Errorf("decode answer %.1000s: %w", a.Body, err)
	}
	return nil
}

// Put creates or updates an entity, as in Put(ctx, "triggers/t", body).
func (c *Client) Put(ctx context.Context, path string, body any) error {
	a, err := c.Do(ctx, http.MethodPut, path+"?overwrite=true", body)
	if err != nil {
		return err
	}
	if err := a.expect(http.StatusOK, nil); err != nil {
		return fmt.Errorf("put %s: %w", path, err)
	}
	return nil
}

// PutAction creates or updates an action; name may be "pkg/name".
func (c *Client) PutAction(ctx context.Context, name string, a Action) error {
	exec := map[string]any{"kind": a.Kind}
	if a.Kind == "sequence" {
		exec["components"] = a.Components
	} else {
		exec["code"] = a.Code
	}
	if a.Main != "" {
		exec["main"] = a.Main
	}
	body := map[string]any{"exec": exec}
	if a.Params != nil {
		body["parameters"] = keyValues(a.Params)
	}
	if a.Annotations != nil {
		body["annotations"] = keyValues(a.Annotations)
	}
	if a.Limits != nil {
		body["limits"] = a.Limits
	}
	return c.Put(ctx, "actions/"+escape(name), body)
}

func keyValues(m map[string]any) []map[string]any {
	kv := []map[string]any{}
	for k, v := range m {
		kv = append(kv, map[string]any{"key": k, "value": v})
	}
	return kv
}

func escape(name string) string {
	parts := strings.Split(name, "/")
	for i, p := range parts {
		parts[i] = url.PathEscape(p)
	}
	return strings.Join(parts, "/")
}

// Invoke makes a non-blocking call and returns the activation's id. A status
// other than 202 is an error of type *RefusedError.
func (c *Client) Invoke(ctx context.Context, name string, payload any) (string, error) {
	a, err := c.Do(ctx, http.MethodPost, "actions/"+escape(name), payload)
	if err != nil {
		return "", err
	}
	if a.Status != http.StatusAccepted {
		return "", &RefusedError{Answer: a}
	}
	var id struct {
		ID string `json:"activationId"`
	}
	if err := a.expect(http.StatusAccepted, &id); err != nil {
		return "", fmt.Errorf("invoke %s: %w", name, err)
	}
	return id.ID, nil
}

// RefusedError is an invocation that was not accepted.
type RefusedError struct{ Answer *Answer }

// Error quotes the answer.
func (r *RefusedError) Error() string {
	return fmt.Sprintf("refused with status %d: %.500s", r.Answer.Status, r.Answer.Body)
}

// Call makes a blocking call and returns the record, whichever way the action
// ended.
func (c *Client) Call(ctx context.Context, name string, payload any) (*Activation, error) {
	a, err := c.Do(ctx, http.MethodPost, "actions/"+escape(name)+"?blocking=true", payload)
	if err != nil {
		return nil, err
	}
	switch a.Status {
	case http.StatusOK, http.StatusBadGateway, http.StatusInternalServerError:
		rec := &Activation{}
		if err := json.Unmarshal(a.Body, rec); err != nil || rec.ID == "" {
			return nil, &RefusedError{Answer: a}
		}
		return rec, nil
	}
	return nil, &RefusedError{Answer: a}
}

// errNotYet is a record that cannot be read yet.
var errNotYet = errors.New("no such activation yet")

// Activation returns a record once it can be read, which is after its end.
func (c *Client) Activation(ctx context.Context, id string) (*Activation, error) {
	rec := &Activation{}
	err := Poll(ctx, func() error {
		a, err := c.Do(ctx, http.MethodGet, "activations/"+id, nil)
		if err != nil {
			return err
		}
		if a.Status == http.StatusNotFound {
			return fmt.Errorf("%s: %w", id, errNotYet)
		}
		return a.expect(http.StatusOK, rec)
	})
	return rec, err
}

// Metrics returns the server's Prometheus text.
func (c *Client) Metrics(ctx context.Context) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.URL+"/metrics", nil)
	if err != nil {
		return "", fmt.Errorf("make request: %w", err)
	}
	a, err := c.Send(req)
	if err != nil {
		return "", err
	}
	return string(a.Body), a.expect(http.StatusOK, nil)
}

// WaitReady waits until the server answers.
func (c *Client) WaitReady(ctx context.Context) error {
	return Poll(ctx, func() error {
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.URL+"/ping", nil)
		if err != nil {
			return fmt.Errorf("make request: %w", err)
		}
		a, err := c.Send(req)
		if err != nil {
			return err
		}
		return a.expect(http.StatusOK, nil)
	})
}
