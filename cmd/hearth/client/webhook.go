package client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"
)

// Webhook is the webhook of a trigger.
type Webhook struct {
	Trigger  string `json:"trigger"`
	URL      string `json:"url"` // without the secret, where that is part of it
	Settings struct {
		Scheme string `json:"scheme"`
	} `json:"settings"`
	Secrets []struct {
		Added time.Time `json:"added"`
		Until time.Time `json:"until"` // zero: for good
	} `json:"secrets"`
}

// HookDelivery is one delivery to a webhook.
type HookDelivery struct {
	ID         string    `json:"id"`
	At         time.Time `json:"at"`
	Delivery   string    `json:"delivery"` // the sender's id
	Remote     string    `json:"remote"`
	Size       int       `json:"size"`
	Verdict    string    `json:"verdict"`
	Reason     string    `json:"reason"`
	Activation string    `json:"activation"`
}

func (n Name) webhook() string { return n.path("webhooks") }

// Webhooks lists the webhooks of the key's namespace.
func (c *Client) Webhooks(ctx context.Context) ([]Webhook, error) {
	_, b, err := c.do(ctx, http.MethodGet, "/namespaces/"+Self+"/webhooks", nil, nil)
	if err != nil {
		return nil, err
	}
	return decode[[]Webhook](b)
}

// Webhook returns the webhook of a trigger as the platform shows it.
func (c *Client) Webhook(ctx context.Context, n Name) (json.RawMessage, error) {
	_, b, err := c.do(ctx, http.MethodGet, n.webhook(), nil, nil)
	return b, err
}

// HookDeliveries lists the last deliveries to the webhook of a trigger.
func (c *Client) HookDeliveries(ctx context.Context, n Name) ([]HookDelivery, error) {
	_, b, err := c.do(ctx, http.MethodGet, n.webhook()+"/deliveries", nil, nil)
	if err != nil {
		return nil, err
	}
	return decode[[]HookDelivery](b)
}

// HookDelivery returns one delivery with what it brought.
func (c *Client) HookDelivery(ctx context.Context, n Name, id string) (json.RawMessage, error) {
	_, b, err := c.do(ctx, http.MethodGet, n.webhook()+"/deliveries/"+url.PathEscape(id), nil, nil)
	return b, err
}

// Redeliver fires the trigger once more with what a delivery brought, and
// returns the id of its activation.
func (c *Client) Redeliver(ctx context.Context, n Name, id string) (string, error) {
	_, b, err := c.do(ctx, http.MethodPost, n.webhook()+"/deliveries/"+url.PathEscape(id)+"/redelivery", nil, nil)
	if err != nil {
		return "", err
	}
	got, err := decode[struct {
		ActivationID string `json:"activationId"`
	}](b)
	return got.ActivationID, err
}

// RotateHook gives the webhook a new secret, or one of the platform's making
// where it is "", and lets the old ones be good for keep more. It returns the
// new one.
func (c *Client) RotateHook(ctx context.Context, n Name, secret string, keep time.Duration) (string, error) {
	_, b, err := c.do(ctx, http.MethodPost, n.webhook()+"/rotate", nil, map[string]string{"secret": secret, "keep": keep.String()})
	if err != nil {
		return "", err
	}
	got, err := decode[struct {
		Secret string `json:"secret"`
	}](b)
	return got.Secret, err
}
