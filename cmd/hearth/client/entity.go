package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
)

// The collections of a namespace.
const (
	Actions  = "actions"
	Packages = "packages"
	Triggers = "triggers"
	Rules    = "rules"
)

// KeyValue is a parameter or annotation.
type KeyValue struct {
	Key   string          `json:"key"`
	Value json.RawMessage `json:"value"`
	Init  bool            `json:"init,omitempty"`
}

// Limits of an action; nil fields are left to the platform.
type Limits struct {
	Timeout     *int `json:"timeout,omitempty"` // milliseconds
	Memory      *int `json:"memory,omitempty"`  // MB
	Logs        *int `json:"logs,omitempty"`    // MB
	Concurrency *int `json:"concurrency,omitempty"`
}

// Exec is what an action runs.
type Exec struct {
	Kind       string   `json:"kind"`
	Code       *string  `json:"code,omitempty"` // text, or base64 when Binary
	Binary     bool     `json:"binary,omitempty"`
	Main       string   `json:"main,omitempty"`
	Image      string   `json:"image,omitempty"`
	Components []string `json:"components,omitempty"`
}

// Binding names the package that a package is a view of.
type Binding struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
}

// Put is the body that makes or changes an entity; nil fields keep what is
// there.
type Put struct {
	Exec        *Exec      `json:"exec,omitempty"`
	Limits      *Limits    `json:"limits,omitempty"`
	Parameters  []KeyValue `json:"parameters,omitempty"`
	Annotations []KeyValue `json:"annotations,omitempty"`
	Publish     *bool      `json:"publish,omitempty"`
	Binding     *Binding   `json:"binding,omitempty"`
	Trigger     string     `json:"trigger,omitempty"`
	Action      string     `json:"action,omitempty"`
}

// Entity is what lists of every collection have in common.
type Entity struct {
	Namespace   string     `json:"namespace"` // with the package, for an action
	Name        string     `json:"name"`
	Version     string     `json:"version"`
	Publish     bool       `json:"publish"`
	Annotations []KeyValue `json:"annotations"`
	Updated     int64      `json:"updated"` // milliseconds of the epoch
	Status      string     `json:"status"`  // of a rule
	Exec        Exec       `json:"exec"`    // of an action
}

// Page is a part of a list.
type Page struct{ Skip, Limit int }

func (p Page) query() url.Values {
	q := url.Values{"limit": {strconv.Itoa(p.Limit)}}
	if p.Skip > 0 {
		q.Set("skip", strconv.Itoa(p.Skip))
	}
	return q
}

// Put makes the entity, or changes it with overwrite, and returns it as the
// platform shows it.
func (c *Client) Put(ctx context.Context, collection string, n Name, body Put, overwrite bool) (json.RawMessage, error) {
	q := url.Values{"overwrite": {strconv.FormatBool(overwrite)}}
	_, b, err := c.do(ctx, http.MethodPut, n.path(collection), q, body)
	return b, err
}

// Get returns the entity as the platform shows it; of an action without its
// code unless that is asked for.
func (c *Client) Get(ctx context.Context, collection string, n Name, code bool) (json.RawMessage, error) {
	var q url.Values
	if collection == Actions {
		q = url.Values{"code": {strconv.FormatBool(code)}}
	}
	_, b, err := c.do(ctx, http.MethodGet, n.path(collection), q, nil)
	return b, err
}

// Delete deletes the entity; force deletes a package with what is in it.
func (c *Client) Delete(ctx context.Context, collection string, n Name, force bool) error {
	var q url.Values
	if force {
		q = url.Values{"force": {"true"}}
	}
	_, _, err := c.do(ctx, http.MethodDelete, n.path(collection), q, nil)
	return err
}

// List lists a collection of the key's namespace, latest first; the actions
// of one package where pkg is not empty.
func (c *Client) List(ctx context.Context, collection, pkg string, page Page) ([]Entity, error) {
	path := "/namespaces/" + Self + "/" + collection
	if pkg != "" {
		path += "/" + url.PathEscape(pkg) + "/"
	}
	_, b, err := c.do(ctx, http.MethodGet, path, page.query(), nil)
	if err != nil {
		return nil, err
	}
	return decode[[]Entity](b)
}

// SetRule makes a rule active or inactive.
func (c *Client) SetRule(ctx context.Context, n Name, active bool) error {
	status := "inactive"
	if active {
		status = "active"
	}
	_, _, err := c.do(ctx, http.MethodPost, n.path(Rules), nil, map[string]string{"status": status})
	return err
}

// Namespace returns the name of the key's namespace.
func (c *Client) Namespace(ctx context.Context) (string, error) {
	_, b, err := c.do(ctx, http.MethodGet, "/namespaces", nil, nil)
	if err != nil {
		return "", err
	}
	names, err := decode[[]string](b)
	if err != nil || len(names) == 0 {
		return "", err
	}
	return names[0], nil
}
