package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
)

// Callback is a callback on its way, or what became of it.
type Callback struct {
	ID           string            `json:"id"`
	On           string            `json:"on"`
	State        string            `json:"state"`
	URL          string            `json:"url"`
	Entity       string            `json:"entity"`
	ActivationID string            `json:"activationId"`
	Name         string            `json:"name"`
	Made         int64             `json:"made"` // milliseconds of the epoch
	Why          string            `json:"why"`
	Tries        int               `json:"tries"`
	Attempts     []json.RawMessage `json:"attempts"`
}

// Signing is what signs the callbacks of a namespace.
type Signing struct {
	Secret string `json:"secret"`
	Old    string `json:"old"`
	Until  int64  `json:"until"` // milliseconds of the epoch
}

const callbacksPath = "/namespaces/_/callbacks"

// Callbacks lists callbacks: those that are "pending" or "dead", or all.
func (c *Client) Callbacks(ctx context.Context, state string, skip, limit int) ([]Callback, error) {
	q := url.Values{"skip": {strconv.Itoa(skip)}, "limit": {strconv.Itoa(limit)}}
	if state != "" {
		q.Set("state", state)
	}
	_, b, err := c.do(ctx, http.MethodGet, callbacksPath, q, nil)
	if err != nil {
		return nil, err
	}
	return decode[[]Callback](b)
}

// Callback returns one callback as the platform shows it.
func (c *Client) Callback(ctx context.Context, id string) (json.RawMessage, error) {
	_, b, err := c.do(ctx, http.MethodGet, callbacksPath+"/"+url.PathEscape(id), nil, nil)
	return b, err
}

// RedriveCallbacks has callbacks attempted again that were given up: one, or
// with an empty id all. It returns how many.
func (c *Client) RedriveCallbacks(ctx context.Context, id string) (int, error) {
	return c.manyCallbacks(ctx, http.MethodPost, id)
}

// PurgeCallbacks deletes one callback, or with an empty id all that were given
// up. It returns how many.
func (c *Client) PurgeCallbacks(ctx context.Context, id string) (int, error) {
	return c.manyCallbacks(ctx, http.MethodDelete, id)
}

func (c *Client) manyCallbacks(ctx context.Context, method, id string) (int, error) {
	path := callbacksPath
	if id != "" {
		path += "/" + url.PathEscape(id)
	}
	_, b, err := c.do(ctx, method, path, nil, nil)
	if err != nil || id != "" {
		return 1, err
	}
	n, err := decode[struct{ Callbacks int }](b)
	return n.Callbacks, err
}

// SigningSecret returns what callbacks are signed with; rotate replaces it.
func (c *Client) SigningSecret(ctx context.Context, rotate bool) (Signing, error) {
	method := http.MethodGet
	if rotate {
		method = http.MethodPost
	}
	_, b, err := c.do(ctx, method, "/namespaces/_/signing-secret", nil, nil)
	if err != nil {
		return Signing{}, err
	}
	return decode[Signing](b)
}
