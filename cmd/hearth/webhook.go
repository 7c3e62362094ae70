package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/hearth-faas/hearth/cmd/hearth/client"
)

type webhookCommand struct {
	List       webhookList       `cmd:"" help:"List webhooks."`
	Show       webhookShow       `cmd:"" help:"Show a webhook."`
	Deliveries webhookDeliveries `cmd:"" help:"List the last deliveries to a webhook, or show one."`
	Redeliver  webhookRedeliver  `cmd:"" help:"Fire the trigger once more with what a delivery brought."`
	Rotate     webhookRotate     `cmd:"" help:"Give a webhook a new secret."`
}

type webhookList struct{ connection }

// Run lists webhooks.
func (c webhookList) Run(ctx context.Context, p *program) error {
	cl, err := c.client(p.env)
	if err != nil {
		return err
	}
	list, err := cl.Webhooks(ctx)
	if err != nil {
		return fmt.Errorf("list webhooks: %w", err)
	}
	rows := [][]string{{"TRIGGER", "SCHEME", "SECRETS", "ADDRESS"}}
	for _, h := range list {
		rows = append(rows, []string{h.Trigger, h.Settings.Scheme, strconv.Itoa(len(h.Secrets)), h.URL})
	}
	return table(p.stdout, rows)
}

type webhookShow struct {
	connection
	Name string `arg:"" help:"The trigger."`
}

// Run shows a webhook.
func (c webhookShow) Run(ctx context.Context, p *program) error {
	cl, n, err := c.resolve(p.env, c.Name)
	if err != nil {
		return err
	}
	body, err := cl.Webhook(ctx, n)
	if err != nil {
		return fmt.Errorf("get webhook: %w", err)
	}
	return show(p.stdout, body)
}

type webhookDeliveries struct {
	connection
	Name string `arg:"" help:"The trigger."`
	ID   string `arg:"" optional:"" help:"The delivery, to see what it brought."`
}

// Run lists deliveries, or shows one.
func (c webhookDeliveries) Run(ctx context.Context, p *program) error {
	cl, n, err := c.resolve(p.env, c.Name)
	if err != nil {
		return err
	}
	if c.ID != "" {
		body, err := cl.HookDelivery(ctx, n, c.ID)
		if err != nil {
			return fmt.Errorf("get delivery: %w", err)
		}
		return show(p.stdout, body)
	}
	list, err := cl.HookDeliveries(ctx, n)
	if err != nil {
		return fmt.Errorf("list deliveries: %w", err)
	}
	rows := [][]string{{"TIME", "VERDICT", "SIZE", "FROM", "ID", "ACTIVATION", "DELIVERY"}}
	for _, d := range list {
		of := d.Activation
		if d.Reason != "" {
			of = d.Reason
		}
		rows = append(rows, []string{moment(d.At.UnixMilli()), d.Verdict, strconv.Itoa(d.Size), d.Remote, d.ID, of, d.Delivery})
	}
	return table(p.stdout, rows)
}

type webhookRedeliver struct {
	connection
	Name string `arg:"" help:"The trigger."`
	ID   string `arg:"" help:"The delivery."`
}

// Run delivers once more.
func (c webhookRedeliver) Run(ctx context.Context, p *program) error {
	cl, n, err := c.resolve(p.env, c.Name)
	if err != nil {
		return err
	}
	id, err := cl.Redeliver(ctx, n, c.ID)
	if err != nil {
		return fmt.Errorf("redeliver: %w", err)
	}
	return p.ok("triggered %s with id %s", c.Name, id)
}

type webhookRotate struct {
	connection
	Name   string        `arg:"" help:"The trigger."`
	Secret string        `placeholder:"TEXT" help:"The new secret; without one, one is made and shown."`
	Keep   time.Duration `default:"24h" help:"How long the old ones are good (${default})."`
}

// Run rotates the secret.
func (c webhookRotate) Run(ctx context.Context, p *program) error {
	cl, n, err := c.resolve(p.env, c.Name)
	if err != nil {
		return err
	}
	made, err := cl.RotateHook(ctx, n, c.Secret, c.Keep)
	if err != nil {
		return fmt.Errorf("rotate the secret: %w", err)
	}
	if c.Secret == "" {
		fmt.Fprintln(p.stdout, "secret: ", made)
	}
	return p.ok("rotated the secret of %s", c.Name)
}

// replaced are the annotations with others in the place of those of the same
// keys.
func replaced(old, over []client.KeyValue) []client.KeyValue {
	var list []client.KeyValue
	for _, a := range old {
		keep := true
		for _, b := range over {
			keep = keep && a.Key != b.Key
		}
		if keep {
			list = append(list, a)
		}
	}
	return append(list, over...)
}
