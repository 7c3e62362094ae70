package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
)

// DeadLetter is an activation that the platform failed.
type DeadLetter struct {
	Activation
	Reason string `json:"reason"`
}

// Redrive is what became of a dead letter that was to run again.
type Redrive struct {
	RedriveOf    string `json:"redriveOf"`
	ActivationID string `json:"activationId"` // empty when it was refused
	Error        string `json:"error"`
}

// DeadLetterQuery selects dead letters.
type DeadLetterQuery struct {
	Page
	Name, Reason string // empty for all
}

func (q DeadLetterQuery) values() url.Values {
	v := url.Values{"limit": {strconv.Itoa(q.Limit)}, "skip": {strconv.Itoa(q.Skip)}}
	if q.Name != "" {
		v.Set("name", q.Name)
	}
	if q.Reason != "" {
		v.Set("reason", q.Reason)
	}
	return v
}

const deadLetters = "/namespaces/_/deadletters"

// DeadLetters lists dead letters, latest first.
func (c *Client) DeadLetters(ctx context.Context, q DeadLetterQuery) ([]DeadLetter, error) {
	_, b, err := c.do(ctx, http.MethodGet, deadLetters, q.values(), nil)
	if err != nil {
		return nil, err
	}
	return decode[[]DeadLetter](b)
}

// DeadLetter returns one as the platform shows it, with its input.
func (c *Client) DeadLetter(ctx context.Context, id string) (json.RawMessage, error) {
	_, b, err := c.do(ctx, http.MethodGet, deadLetters+"/"+url.PathEscape(id), nil, nil)
	return b, err
}

// Redrive runs a dead letter again.
func (c *Client) Redrive(ctx context.Context, id string) (Redrive, error) {
	_, b, err := c.do(ctx, http.MethodPost, deadLetters+"/"+url.PathEscape(id), nil, nil)
	if err != nil {
		return Redrive{}, err
	}
	return decode[Redrive](b)
}

// RedriveAll runs all that the query selects again, up to its limit.
func (c *Client) RedriveAll(ctx context.Context, q DeadLetterQuery) ([]Redrive, error) {
	_, b, err := c.do(ctx, http.MethodPost, deadLetters, q.values(), nil)
	if err != nil {
		return nil, err
	}
	return decode[[]Redrive](b)
}

// Purge drops a dead letter.
func (c *Client) Purge(ctx context.Context, id string) error {
	_, _, err := c.do(ctx, http.MethodDelete, deadLetters+"/"+url.PathEscape(id), nil, nil)
	return err
}

// PurgeAll drops all that the query selects, up to its limit, and returns how
// many they were.
func (c *Client) PurgeAll(ctx context.Context, q DeadLetterQuery) (int, error) {
	_, b, err := c.do(ctx, http.MethodDelete, deadLetters, q.values(), nil)
	if err != nil {
		return 0, err
	}
	n, err := decode[struct{ Purged int }](b)
	return n.Purged, err
}

// Cancel ends an activation that has not ended.
func (c *Client) Cancel(ctx context.Context, id string) error {
	_, _, err := c.do(ctx, http.MethodDelete, "/namespaces/_/activations/"+url.PathEscape(id), nil, nil)
	return err
}
