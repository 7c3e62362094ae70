package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	"github.com/hearth-faas/hearth/cmd/hearth/client"
)

// feed makes a trigger with a feed. The platform knows only the annotation:
// it is the client that calls the feed's action, and that takes the trigger
// back when the feed says no.
func (c triggerCreate) feed(ctx context.Context, p *program) error {
	cl, n, err := c.resolve(p.env, c.Name)
	if err != nil {
		return err
	}
	feed, err := client.ParseName(c.Feed)
	if err != nil {
		return usagef("%v", err)
	}
	params, err := c.object(p)
	if err != nil {
		return err
	}
	name, _ := json.Marshal(feed.String()) // a string never fails
	body := client.Put{Annotations: []client.KeyValue{{Key: "feed", Value: name}}}
	if _, err := cl.Put(ctx, client.Triggers, n, body, false); err != nil {
		return fmt.Errorf("create trigger: %w", err)
	}
	if err := tellFeed(ctx, p, cl, feed.String(), "CREATE", n, params); err != nil {
		// Also when the user has given up: a trigger without its feed is no use.
		return errors.Join(err, cl.Delete(context.WithoutCancel(ctx), client.Triggers, n, false))
	}
	return p.ok("created trigger %s", c.Name)
}

// annotationsOf returns the annotations of a trigger; one that is not there
// has none.
func annotationsOf(ctx context.Context, cl *client.Client, n client.Name) ([]client.KeyValue, error) {
	body, err := cl.Get(ctx, client.Triggers, n, false)
	var no *client.Error
	switch {
	case errors.As(err, &no) && no.Status == 404:
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("get trigger: %w", err)
	}
	var trigger client.Entity
	if err := json.Unmarshal(body, &trigger); err != nil {
		return nil, fmt.Errorf("read trigger: %w", err)
	}
	return trigger.Annotations, nil
}

// feedOf returns the feed that a trigger has, or "".
func feedOf(ctx context.Context, cl *client.Client, n client.Name) (string, error) {
	annotations, err := annotationsOf(ctx, cl, n)
	return feedIn(annotations), err
}

func feedIn(annotations []client.KeyValue) string {
	for _, a := range annotations {
		if a.Key == "feed" {
			var feed string
			_ = json.Unmarshal(a.Value, &feed) // no text, no feed
			return feed
		}
	}
	return ""
}

// tellFeed calls a feed's action for an event in the life of a trigger.
func tellFeed(ctx context.Context, p *program, cl *client.Client, feed, event string, trigger client.Name, params map[string]json.RawMessage) error {
	n, err := client.ParseName(feed)
	if err != nil {
		return fmt.Errorf("read the name of the feed: %w", err)
	}
	all := maps.Clone(params)
	if all == nil {
		all = map[string]json.RawMessage{}
	}
	for key, value := range map[string]string{
		"lifecycleEvent": event, "triggerName": trigger.String(), "authKey": cl.Auth(),
	} {
		b, err := json.Marshal(value)
		if err != nil {
			return fmt.Errorf("encode %s: %w", key, err)
		}
		all[key] = b
	}
	got, err := cl.Invoke(ctx, n, all, true, false)
	switch {
	case err != nil:
		return fmt.Errorf("call feed: %w", err)
	case !got.Done:
		return fmt.Errorf("feed %s did not answer in time, see activation %s", feed, got.ID)
	case got.Failed:
		if err := show(p.stderr, got.Body); err != nil {
			return err
		}
		return fmt.Errorf("feed %s refused %s", feed, event)
	}
	return nil
}
