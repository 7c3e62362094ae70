package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Response is how an activation ended.
type Response struct {
	Status  string          `json:"status"`
	Success bool            `json:"success"`
	Result  json.RawMessage `json:"result"`
}

// Activation is a record; in a list without details Response and Logs are
// empty and StatusCode is set.
type Activation struct {
	Namespace    string     `json:"namespace"`
	Name         string     `json:"name"`
	Version      string     `json:"version"`
	ActivationID string     `json:"activationId"`
	Start        int64      `json:"start"` // milliseconds of the epoch
	End          int64      `json:"end"`
	Duration     int64      `json:"duration"` // milliseconds
	StatusCode   *int       `json:"statusCode"`
	Response     Response   `json:"response"`
	Logs         []string   `json:"logs"`
	Annotations  []KeyValue `json:"annotations"`
}

// Annotation returns the value of an annotation, nil if there is none.
func (a Activation) Annotation(key string) json.RawMessage {
	for _, kv := range a.Annotations {
		if kv.Key == key {
			return kv.Value
		}
	}
	return nil
}

// Invocation is the answer to an invoke.
type Invocation struct {
	// Done says whether the action ended; if not, only ID is set.
	Done bool
	ID   string
	// Body is the record, or only the result where that was asked for.
	Body json.RawMessage
	// Failed says that the action, not the platform, said no.
	Failed bool
}

// Invoke runs an action. With blocking it waits for the end, at most as long
// as the platform lets it; with result the answer is the result alone.
func (c *Client) Invoke(ctx context.Context, n Name, params map[string]json.RawMessage, blocking, result bool) (Invocation, error) {
	q := url.Values{"blocking": {strconv.FormatBool(blocking || result)}, "result": {strconv.FormatBool(result)}}
	status, b, err := c.do(ctx, http.MethodPost, n.path(Actions), q, params)
	var no *Error
	if e, ok := err.(*Error); ok { //nolint:errorlint // do wraps nothing around an answer
		no = e
	}
	switch {
	case no != nil && no.Status == http.StatusBadGateway && no.Code == "" && len(no.Body) > 0:
		// The record or result of an action that failed: no transaction code
		// tells it from a failure of the platform.
		return Invocation{Done: true, ID: idOf(no.Body), Body: no.Body, Failed: true}, nil
	case err != nil:
		return Invocation{}, err
	case status == http.StatusAccepted:
		return Invocation{ID: idOf(b)}, nil
	}
	return Invocation{Done: true, ID: idOf(b), Body: b}, nil
}

func idOf(body json.RawMessage) string {
	var id struct {
		ActivationID string `json:"activationId"`
	}
	_ = json.Unmarshal(body, &id) // a result of another shape has none
	return id.ActivationID
}

// Fire fires a trigger and returns the id of its activation, empty when no
// rule was active.
func (c *Client) Fire(ctx context.Context, n Name, params map[string]json.RawMessage) (string, error) {
	_, b, err := c.do(ctx, http.MethodPost, n.path(Triggers), nil, params)
	if err != nil {
		return "", err
	}
	return idOf(b), nil
}

// Query selects activations.
type Query struct {
	Page
	Name        string    // of the action or trigger; empty for all
	Since, Upto time.Time // bounds of the start, inclusive; zero for none
	Docs        bool      // results and logs too
}

// Activations lists records, newest start first.
func (c *Client) Activations(ctx context.Context, query Query) ([]Activation, error) {
	q := query.Page.query()
	if query.Name != "" {
		q.Set("name", query.Name)
	}
	if !query.Since.IsZero() {
		q.Set("since", strconv.FormatInt(query.Since.UnixMilli(), 10))
	}
	if !query.Upto.IsZero() {
		q.Set("upto", strconv.FormatInt(query.Upto.UnixMilli(), 10))
	}
	if query.Docs {
		q.Set("docs", "true")
	}
	_, b, err := c.do(ctx, http.MethodGet, "/namespaces/_/activations", q, nil)
	if err != nil {
		return nil, err
	}
	return decode[[]Activation](b)
}

// Activation returns a record as the platform shows it; part is "" for all of
// it, "result", "logs" or "status".
func (c *Client) Activation(ctx context.Context, id, part string) (json.RawMessage, error) {
	path := "/namespaces/_/activations/" + url.PathEscape(id)
	if part != "" {
		path += "/" + part
	}
	_, b, err := c.do(ctx, http.MethodGet, path, nil, nil)
	return b, err
}

// Logs returns the log lines of an activation.
func (c *Client) Logs(ctx context.Context, id string) ([]string, error) {
	b, err := c.Activation(ctx, id, "logs")
	if err != nil {
		return nil, err
	}
	logs, err := decode[struct {
		Logs []string `json:"logs"`
	}](b)
	return logs.Logs, err
}
