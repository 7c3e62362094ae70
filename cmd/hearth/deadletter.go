package main

import (
	"context"
	"fmt"

	"github.com/hearth-faas/hearth/cmd/hearth/client"
)

type deadLetterCommand struct {
	List    deadLetterList    `cmd:"" help:"List dead letters, latest first."`
	Show    deadLetterShow    `cmd:"" help:"Show one, with its input."`
	Redrive deadLetterRedrive `cmd:"" help:"Run dead letters again, each once."`
	Purge   deadLetterPurge   `cmd:"" help:"Drop dead letters; their records stay."`
}

// letters selects dead letters.
type letters struct {
	paging
	Name   string `placeholder:"ACTION" help:"Only of this action."`
	Reason string `placeholder:"TEXT" help:"Only those that ended so: 'worker lost', deadline, poison, expired or platform."`
}

func (l letters) query() client.DeadLetterQuery {
	return client.DeadLetterQuery{Page: l.page(), Name: l.Name, Reason: l.Reason}
}

type deadLetterList struct {
	connection
	letters
}

// Run lists dead letters.
func (c deadLetterList) Run(ctx context.Context, p *program) error {
	cl, err := c.client(p.env)
	if err != nil {
		return err
	}
	list, err := cl.DeadLetters(ctx, c.query())
	if err != nil {
		return fmt.Errorf("list dead letters: %w", err)
	}
	rows := [][]string{{"ENDED", "ACTIVATION", "REASON", "ACTION"}}
	for _, l := range list {
		rows = append(rows, []string{moment(l.End), l.ActivationID, l.Reason, l.Namespace + "/" + l.Name + ":" + l.Version})
	}
	return table(p.stdout, rows)
}

type deadLetterShow struct {
	connection
	ID string `arg:"" help:"The dead letter."`
}

// Run shows one.
func (c deadLetterShow) Run(ctx context.Context, p *program) error {
	cl, err := c.client(p.env)
	if err != nil {
		return err
	}
	body, err := cl.DeadLetter(ctx, c.ID)
	if err != nil {
		return fmt.Errorf("get dead letter: %w", err)
	}
	return show(p.stdout, body)
}

// chosen are dead letters by id, or all that are selected.
type chosen struct {
	connection
	letters
	IDs []string `arg:"" optional:"" name:"id" help:"The dead letters."`
	All bool     `help:"All that --name and --reason select, up to --limit."`
}

func (c chosen) check() error {
	if c.All == (len(c.IDs) > 0) {
		return usagef("name dead letters, or use --all")
	}
	return nil
}

type deadLetterRedrive struct{ chosen }

// Run runs dead letters again.
func (c deadLetterRedrive) Run(ctx context.Context, p *program) error {
	if err := c.check(); err != nil {
		return err
	}
	cl, err := c.client(p.env)
	if err != nil {
		return err
	}
	var list []client.Redrive
	if c.All {
		if list, err = cl.RedriveAll(ctx, c.query()); err != nil {
			return fmt.Errorf("redrive dead letters: %w", err)
		}
	}
	for _, id := range c.IDs {
		r, err := cl.Redrive(ctx, id)
		if err != nil {
			return fmt.Errorf("redrive %s: %w", id, err)
		}
		list = append(list, r)
	}
	failed := false
	for _, r := range list {
		if r.Error != "" {
			failed = true
			fmt.Fprintf(p.stderr, "hearth: redrive %s: %s\n", r.RedriveOf, r.Error)
			continue
		}
		if err := p.ok("redrove %s as %s", r.RedriveOf, r.ActivationID); err != nil {
			return err
		}
	}
	if failed {
		return errAction
	}
	return nil
}

type deadLetterPurge struct{ chosen }

// Run drops dead letters.
func (c deadLetterPurge) Run(ctx context.Context, p *program) error {
	if err := c.check(); err != nil {
		return err
	}
	cl, err := c.client(p.env)
	if err != nil {
		return err
	}
	n := len(c.IDs)
	if c.All {
		if n, err = cl.PurgeAll(ctx, c.query()); err != nil {
			return fmt.Errorf("purge dead letters: %w", err)
		}
	}
	for _, id := range c.IDs {
		if err := cl.Purge(ctx, id); err != nil {
			return fmt.Errorf("purge %s: %w", id, err)
		}
	}
	return p.ok("purged %d dead letters", n)
}
