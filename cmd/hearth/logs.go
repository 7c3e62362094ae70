package main

import (
	"context"
	"fmt"
	"regexp"
	"time"

	"github.com/hearth-faas/hearth/cmd/hearth/client"
)

type logsCommand struct {
	connection
	Of     string `arg:"" optional:"" name:"activation-or-action" help:"An activation's id, or an action; by default the latest activation."`
	Follow bool   `short:"f" help:"Of an activation, go on until it ends; of an action, with those that end from now on."`
	Limit  int    `short:"l" default:"1" help:"So many activations of an action."`
	Strip  bool   `short:"r" help:"Leave out the time and stream of each line."`
}

var activationID = regexp.MustCompile(`\A[0-9a-f]{32}\z`)

// Run prints the logs of one activation, or of the latest ones of an action.
func (c logsCommand) Run(ctx context.Context, p *program) error {
	cl, err := c.client(p.env)
	if err != nil {
		return err
	}
	if activationID.MatchString(c.Of) {
		return logsOf(ctx, p, cl, c.Of, c.Follow, c.Strip)
	}
	list, err := cl.Activations(ctx, client.Query{Page: client.Page{Limit: c.Limit}, Name: c.Of, Docs: true})
	if err != nil {
		return fmt.Errorf("list activations: %w", err)
	}
	for i := len(list) - 1; i >= 0; i-- {
		if err := printLines(p, list[i].Logs, c.Strip); err != nil {
			return err
		}
	}
	if !c.Follow {
		return nil
	}
	return activationPoll{Name: c.Of, Interval: time.Second, Strip: c.Strip}.poll(ctx, p, cl)
}

// logsOf prints the logs of one activation; with follow also of one that has
// not ended, until it does.
func logsOf(ctx context.Context, p *program, cl *client.Client, id string, follow, strip bool) error {
	if follow {
		if _, err := cl.Follow(ctx, id, func(line string) error { return printLines(p, []string{line}, strip) }); err != nil {
			return fmt.Errorf("follow logs: %w", err)
		}
		return nil
	}
	lines, err := cl.Logs(ctx, id)
	if err != nil {
		return fmt.Errorf("get logs: %w", err)
	}
	return printLines(p, lines, strip)
}
