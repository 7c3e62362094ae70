package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"reflect"

	"github.com/hearth-faas/hearth/cmd/hearth/client"
	"github.com/hearth-faas/hearth/triggers/webhook"
)

// hookFlags are the flags of a trigger that fires by a webhook.
type hookFlags struct {
	Webhook         string   `group:"Webhook" placeholder:"SCHEME" help:"Fire by HTTP, from senders that prove themselves as github, gitlab, stripe, slack, twilio, standard, hmac or bearer do, or by the address alone (none)."`
	Secret          []string `group:"Webhook" sep:"none" placeholder:"TEXT" help:"What senders prove themselves with; may be given again. Without one, one is made and shown."`
	Open            bool     `group:"Webhook" help:"With --webhook none: anybody may call it."`
	Reply           string   `group:"Webhook" placeholder:"ACTION" help:"Answer with the result of this action of a rule; true: of the one rule's."`
	ReplyTimeout    string   `group:"Webhook" placeholder:"DURATION" help:"How long the sender waits for it; otherwise 10s."`
	Payload         string   `group:"Webhook" placeholder:"auto|json|form|raw|cloudevents" help:"What bodies have to be; otherwise auto."`
	SignatureHeader string   `group:"Webhook" placeholder:"NAME" help:"hmac: header of the signature; otherwise X-Signature."`
	Algorithm       string   `group:"Webhook" placeholder:"sha1|sha256|sha512" help:"hmac: otherwise sha256."`
	Encoding        string   `group:"Webhook" placeholder:"hex|base64" help:"hmac: otherwise hex."`
	Prefix          string   `group:"Webhook" placeholder:"TEXT" help:"hmac: what stands before the signature, such as sha256=."`
	TimestampHeader string   `group:"Webhook" placeholder:"NAME" help:"hmac: header of the time that is signed with the body."`
	IDHeader        string   `group:"Webhook" name:"id-header" placeholder:"NAME" help:"Header with the sender's id of a delivery."`
	Tolerance       string   `group:"Webhook" placeholder:"DURATION" help:"How old a signed time may be; otherwise 5m."`
	Dedup           string   `group:"Webhook" placeholder:"DURATION" help:"How long a delivery is remembered, so that it fires once; otherwise 24h (hmac: 5m)."`
	VerifyToken     string   `group:"Webhook" placeholder:"TEXT" help:"Confirm subscriptions that name this token (hub.challenge)."`
	WebhookURL      string   `group:"Webhook" name:"webhook-url" placeholder:"URL" help:"twilio: the address that Twilio calls, where it is not the one seen here."`
}

// annotation returns the annotation of a webhook, if one is asked for, and the
// secret that was made for it, if one was.
func (f hookFlags) annotation(fresh bool) (list []client.KeyValue, made string, err error) {
	if f.Webhook == "" {
		if !reflect.DeepEqual(f, hookFlags{}) {
			return nil, "", usagef("the flags of webhooks need --webhook")
		}
		return nil, "", nil
	}
	s := webhook.Settings{
		Scheme: f.Webhook, Secrets: f.Secret, Verify: f.VerifyToken, Header: f.SignatureHeader, Algorithm: f.Algorithm,
		Encoding: f.Encoding, Prefix: f.Prefix, Timestamp: f.TimestampHeader, ID: f.IDHeader, Tolerance: f.Tolerance,
		Dedup: f.Dedup, Payload: f.Payload, ReplyTimeout: f.ReplyTimeout, URL: f.WebhookURL,
	}
	switch f.Reply {
	case "":
	case "true":
		s.Reply = json.RawMessage(`true`)
	default:
		if s.Reply, err = json.Marshal(f.Reply); err != nil {
			return nil, "", err
		}
	}
	if f.Open && (f.Webhook != "none" || len(f.Secret) > 0) {
		return nil, "", usagef("--open is for --webhook none without a secret")
	}
	if fresh && len(s.Secrets) == 0 && !f.Open {
		made = webhook.NewSecret(f.Webhook)
		s.Secrets = []string{made}
	}
	value, err := json.Marshal(s)
	if err != nil {
		return nil, "", err
	}
	if _, err := webhook.ParseSettings(value); err != nil {
		return nil, "", usagef("%v", err)
	}
	return []client.KeyValue{{Key: webhook.Annotation, Value: value}}, made, nil
}

// introduce prints what the sender has to know: the address, and the secret
// that was made, which is not shown again.
func (f hookFlags) introduce(ctx context.Context, p *program, cl *client.Client, n client.Name, made string) error {
	body, err := cl.Webhook(ctx, n)
	if err != nil {
		return fmt.Errorf("get webhook: %w", err)
	}
	var hook client.Webhook
	if err := json.Unmarshal(body, &hook); err != nil {
		return fmt.Errorf("read webhook: %w", err)
	}
	address := hook.URL
	if f.Webhook == "none" && made != "" {
		address += "/" + url.PathEscape(made)
	}
	fmt.Fprintln(p.stdout, "address:", address)
	if made != "" && f.Webhook != "none" {
		fmt.Fprintln(p.stdout, "secret: ", made)
	}
	return nil
}
