package main

import (
	"context"
	"fmt"
	"time"

	"github.com/hearth-faas/hearth/cmd/hearth/client"
)

type activationPoll struct {
	connection
	Name     string        `arg:"" optional:"" help:"Only of this action or trigger."`
	Exit     time.Duration `short:"e" help:"Stop after this time; 0 goes on until interrupted."`
	Interval time.Duration `default:"1s" help:"Time between two looks."`
	Strip    bool          `short:"r" help:"Leave out the time and stream of each line."`
}

// Run prints activations and their logs as they end, until interrupted.
func (c activationPoll) Run(ctx context.Context, p *program) error {
	cl, err := c.client(p.env)
	if err != nil {
		return err
	}
	if c.Exit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.Exit)
		defer cancel()
	}
	return c.poll(ctx, p, cl)
}

// overlap is how far back each look goes: records appear in the order in
// which they end, and are listed by their start.
const overlap = 6 * time.Minute

func (c activationPoll) poll(ctx context.Context, p *program, cl *client.Client) error {
	begin := time.Now()
	seen := map[string]int64{}
	tick := time.NewTicker(max(c.Interval, 100*time.Millisecond))
	defer tick.Stop()
	for {
		since := time.Now().Add(-overlap)
		if since.Before(begin) {
			since = begin
		}
		list, err := cl.Activations(ctx, client.Query{Name: c.Name, Since: since, Docs: true})
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return fmt.Errorf("poll activations: %w", err)
		}
		for i := len(list) - 1; i >= 0; i-- {
			if _, ok := seen[list[i].ActivationID]; ok {
				continue
			}
			seen[list[i].ActivationID] = list[i].Start
			if err := c.print(p, list[i]); err != nil {
				return err
			}
		}
		forget(seen, since)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// forget drops the ids that can be listed no more.
func forget(seen map[string]int64, since time.Time) {
	for id, start := range seen {
		if start < since.UnixMilli() {
			delete(seen, id)
		}
	}
}

func (c activationPoll) print(p *program, a client.Activation) error {
	if _, err := fmt.Fprintf(p.stdout, "\nActivation: '%s' (%s)\n", a.Name, a.ActivationID); err != nil {
		return err
	}
	return printLines(p, a.Logs, c.Strip)
}
