package main

import (
	"context"
	"fmt"
	"strconv"
)

type callbackCommand struct {
	List    callbackList    `cmd:"" help:"List callbacks."`
	Show    callbackShow    `cmd:"" help:"Show a callback and its attempts."`
	Redrive callbackRedrive `cmd:"" help:"Attempt callbacks again that were given up."`
	Purge   callbackPurge   `cmd:"" help:"Delete callbacks that were given up, or a single one."`
	Secret  callbackSecret  `cmd:"" help:"Print the secret that callbacks are signed with."`
}

type callbackList struct {
	connection
	paging
	State string `enum:"pending,dead," default:"" placeholder:"STATE" help:"Only those that are pending, or dead."`
}

// Run lists callbacks, latest first.
func (c callbackList) Run(ctx context.Context, p *program) error {
	cl, err := c.client(p.env)
	if err != nil {
		return err
	}
	list, err := cl.Callbacks(ctx, c.State, c.Skip, c.Limit)
	if err != nil {
		return fmt.Errorf("list callbacks: %w", err)
	}
	rows := [][]string{{"made", "id", "state", "tries", "to", "why"}}
	for _, one := range list {
		to := one.URL
		if to == "" {
			to = one.Entity
		}
		rows = append(rows, []string{moment(one.Made), one.ID, one.State, strconv.Itoa(one.Tries), to, one.Why})
	}
	return table(p.stdout, rows)
}

type callbackShow struct {
	connection
	ID string `arg:"" help:"The callback."`
}

// Run prints a callback.
func (c callbackShow) Run(ctx context.Context, p *program) error {
	cl, err := c.client(p.env)
	if err != nil {
		return err
	}
	body, err := cl.Callback(ctx, c.ID)
	if err != nil {
		return fmt.Errorf("get callback: %w", err)
	}
	return show(p.stdout, body)
}

// callbackSome are a callback, or all that were given up.
type callbackSome struct {
	connection
	ID  string `arg:"" optional:"" help:"The callback."`
	All bool   `help:"All that were given up."`
}

func (c callbackSome) check() error {
	if (c.ID == "") != c.All {
		return usagef("name a callback, or give --all")
	}
	return nil
}

type callbackRedrive struct{ callbackSome }

// Run has callbacks attempted again.
func (c callbackRedrive) Run(ctx context.Context, p *program) error {
	if err := c.check(); err != nil {
		return err
	}
	cl, err := c.client(p.env)
	if err != nil {
		return err
	}
	n, err := cl.RedriveCallbacks(ctx, c.ID)
	if err != nil {
		return fmt.Errorf("redrive callbacks: %w", err)
	}
	return p.ok("%d to be attempted again", n)
}

type callbackPurge struct{ callbackSome }

// Run deletes callbacks.
func (c callbackPurge) Run(ctx context.Context, p *program) error {
	if err := c.check(); err != nil {
		return err
	}
	cl, err := c.client(p.env)
	if err != nil {
		return err
	}
	n, err := cl.PurgeCallbacks(ctx, c.ID)
	if err != nil {
		return fmt.Errorf("purge callbacks: %w", err)
	}
	return p.ok("%d deleted", n)
}

type callbackSecret struct {
	connection
	Rotate bool `help:"Replace it first; the old one signs as well for a day."`
}

// Run prints the secret alone.
func (c callbackSecret) Run(ctx context.Context, p *program) error {
	cl, err := c.client(p.env)
	if err != nil {
		return err
	}
	s, err := cl.SigningSecret(ctx, c.Rotate)
	if err != nil {
		return fmt.Errorf("get secret: %w", err)
	}
	_, err = fmt.Fprintln(p.stdout, s.Secret)
	return err
}
