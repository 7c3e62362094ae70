package main

import (
	"context"
	"fmt"

	"github.com/hearth-faas/hearth/cmd/hearth/client"
)

type triggerCommand struct {
	Create triggerCreate `cmd:"" help:"Make a trigger."`
	Update triggerUpdate `cmd:"" help:"Change a trigger, or make it."`
	Fire   triggerFire   `cmd:"" help:"Fire a trigger."`
	Get    triggerGet    `cmd:"" help:"Show a trigger."`
	List   triggerList   `cmd:"" help:"List triggers."`
	Delete triggerDelete `cmd:"" help:"Delete a trigger."`
}

type triggerCreate struct {
	connection
	parameters
	schedule
	hookFlags
	streamFlags
	Name string `arg:"" help:"The trigger."`
	Feed string `placeholder:"ACTION" help:"The feed that fires it, such as /whisk.system/alarms/alarm; it gets the parameters."`
}

// Run makes a trigger, and connects it to its feed.
func (c triggerCreate) Run(ctx context.Context, p *program) error {
	annotations, err := c.schedule.annotation()
	if err != nil {
		return err
	}
	streams, err := c.streamFlags.annotation()
	if err != nil {
		return err
	}
	hook, secret, err := c.hookFlags.annotation(true)
	annotations = append(append(annotations, streams...), hook...)
	switch {
	case err != nil:
		return err
	case c.Feed != "" && annotations != nil:
		return usagef("a trigger has a feed or a source of its own, not both")
	case c.Feed != "":
		return c.feed(ctx, p)
	}
	params, err := c.list(p)
	if err != nil {
		return err
	}
	err = c.put(ctx, p, client.Triggers, c.Name, client.Put{Parameters: params, Annotations: annotations}, false)
	if err != nil || hook == nil {
		return err
	}
	cl, n, err := c.resolve(p.env, c.Name)
	if err != nil {
		return err
	}
	return c.introduce(ctx, p, cl, n, secret)
}

type triggerUpdate struct {
	connection
	parameters
	schedule
	hookFlags
	streamFlags
	Name string `arg:"" help:"The trigger."`
}

// Run changes a trigger; one with a feed hands the parameters to it.
func (c triggerUpdate) Run(ctx context.Context, p *program) error {
	cl, n, err := c.resolve(p.env, c.Name)
	if err != nil {
		return err
	}
	annotations, err := c.schedule.annotation()
	if err != nil {
		return err
	}
	hook, _, err := c.hookFlags.annotation(false)
	if err != nil {
		return err
	}
	streams, err := c.streamFlags.annotation()
	if err != nil {
		return err
	}
	annotations = append(append(annotations, streams...), hook...)
	old, err := annotationsOf(ctx, cl, n)
	if err != nil {
		return err
	}
	if feed := feedIn(old); feed != "" {
		if annotations != nil {
			return usagef("the trigger has a feed, so it cannot have a source of its own")
		}
		params, err := c.object(p)
		if err != nil {
			return err
		}
		if err := tellFeed(ctx, p, cl, feed, "UPDATE", n, params); err != nil {
			return err
		}
		return p.ok("updated trigger %s", c.Name)
	}
	params, err := c.list(p)
	if err != nil {
		return err
	}
	if annotations != nil { // they replace all that there are
		annotations = replaced(old, annotations)
	}
	return c.put(ctx, p, client.Triggers, c.Name, client.Put{Parameters: params, Annotations: annotations}, true)
}

type triggerFire struct {
	connection
	parameters
	Name string `arg:"" help:"The trigger."`
}

// Run fires a trigger.
func (c triggerFire) Run(ctx context.Context, p *program) error {
	cl, n, err := c.resolve(p.env, c.Name)
	if err != nil {
		return err
	}
	params, err := c.object(p)
	if err != nil {
		return err
	}
	id, err := cl.Fire(ctx, n, params)
	switch {
	case err != nil:
		return fmt.Errorf("fire trigger: %w", err)
	case id == "":
		return p.ok("fired %s, which no active rule listens to", c.Name)
	}
	return p.ok("triggered %s with id %s", c.Name, id)
}

type triggerGet struct {
	connection
	Name string `arg:"" help:"The trigger."`
}

// Run shows a trigger.
func (c triggerGet) Run(ctx context.Context, p *program) error {
	return c.get(ctx, p, client.Triggers, c.Name)
}

type triggerList struct {
	connection
	paging
}

// Run lists triggers.
func (c triggerList) Run(ctx context.Context, p *program) error {
	return c.listing(ctx, p, client.Triggers, c.page(), func(client.Entity) string { return "" })
}

type triggerDelete struct {
	connection
	Name string `arg:"" help:"The trigger."`
}

// Run disconnects a trigger from its feed, and deletes it.
func (c triggerDelete) Run(ctx context.Context, p *program) error {
	cl, n, err := c.resolve(p.env, c.Name)
	if err != nil {
		return err
	}
	feed, err := feedOf(ctx, cl, n)
	if err != nil {
		return err
	}
	if feed != "" {
		if err := tellFeed(ctx, p, cl, feed, "DELETE", n, nil); err != nil {
			return err
		}
	}
	return c.delete(ctx, p, client.Triggers, c.Name, false)
}
