package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/hearth-faas/hearth/cmd/hearth/client"
)

type activationCommand struct {
	List   activationList   `cmd:"" help:"List activations, latest first."`
	Get    activationGet    `cmd:"" help:"Show a record, or of what has not ended, where it is."`
	Result activationResult `cmd:"" help:"Show a result."`
	Logs   activationLogs   `cmd:"" help:"Show the logs of an activation."`
	Status activationStatus `cmd:"" help:"Show where an activation is that may not have ended, and what it waits for."`
	Cancel activationCancel `cmd:"" help:"End an activation that has not ended."`
	Poll   activationPoll   `cmd:"" help:"Print activations and their logs as they end."`
}

type activationList struct {
	connection
	paging
	Name  string `arg:"" optional:"" help:"Only of this action or trigger."`
	Since int64  `placeholder:"MS" help:"Started at this time or later (milliseconds of the epoch)."`
	Upto  int64  `placeholder:"MS" help:"Started at this time or before."`
	Full  bool   `short:"f" help:"Print whole records."`
}

// Run lists activations.
func (c activationList) Run(ctx context.Context, p *program) error {
	cl, err := c.client(p.env)
	if err != nil {
		return err
	}
	q := client.Query{Page: c.page(), Name: c.Name, Docs: c.Full}
	if c.Since > 0 {
		q.Since = time.UnixMilli(c.Since)
	}
	if c.Upto > 0 {
		q.Upto = time.UnixMilli(c.Upto)
	}
	list, err := cl.Activations(ctx, q)
	if err != nil {
		return fmt.Errorf("list activations: %w", err)
	}
	if c.Full {
		b, err := json.Marshal(list)
		if err != nil {
			return fmt.Errorf("encode activations: %w", err)
		}
		return show(p.stdout, b)
	}
	rows := [][]string{{"STARTED", "ACTIVATION", "KIND", "START", "DURATION", "STATUS", "ACTION"}}
	for _, a := range list {
		rows = append(rows, row(a))
	}
	return table(p.stdout, rows)
}

func row(a client.Activation) []string {
	kind := ""
	_ = json.Unmarshal(a.Annotation("kind"), &kind) // a trigger has none
	how, took := "", ""
	if kind != "" {
		how = "warm"
		if a.Annotation("initTime") != nil {
			how = "cold"
		}
		took = fmt.Sprintf("%d ms", a.Duration)
	}
	status := "success"
	if a.StatusCode != nil {
		status = statusText(*a.StatusCode)
	}
	return []string{moment(a.Start), a.ActivationID, kind, how, took, status, a.Namespace + "/" + a.Name + ":" + a.Version}
}

// statusText are the API's words for its numbers.
func statusText(code int) string {
	texts := []string{"success", "application error", "action developer error", "whisk internal error"}
	if code < 0 || code >= len(texts) {
		return strconv.Itoa(code)
	}
	return texts[code]
}

// selected is one activation, by its id or the latest.
type selected struct {
	connection
	ID   string `arg:"" optional:"" help:"The activation."`
	Last bool   `short:"l" help:"The latest one."`
}

func (c selected) find(ctx context.Context, p *program) (*client.Client, string, error) {
	cl, err := c.client(p.env)
	if err != nil {
		return nil, "", err
	}
	switch {
	case c.ID != "" && c.Last:
		return nil, "", usagef("either an id or --last, not both")
	case c.ID != "":
		return cl, c.ID, nil
	case !c.Last:
		return nil, "", usagef("name an activation, or use --last")
	}
	list, err := cl.Activations(ctx, client.Query{Page: client.Page{Limit: 1}})
	if err != nil {
		return nil, "", fmt.Errorf("find the latest activation: %w", err)
	}
	if len(list) == 0 {
		return nil, "", errors.New("there is no activation yet")
	}
	return cl, list[0].ActivationID, nil
}

func (c selected) show(ctx context.Context, p *program, part string) error {
	cl, id, err := c.find(ctx, p)
	if err != nil {
		return err
	}
	body, err := cl.Activation(ctx, id, part)
	if err != nil {
		return fmt.Errorf("get activation: %w", err)
	}
	return show(p.stdout, body)
}

type activationGet struct{ selected }

// Run shows a record, or, of an activation that has none yet, where it is.
func (c activationGet) Run(ctx context.Context, p *program) error {
	err := c.show(ctx, p, "")
	var answer *client.Error
	if !errors.As(err, &answer) || answer.Status != http.StatusNotFound || c.ID == "" {
		return err
	}
	if c.show(ctx, p, "status") == nil {
		return nil
	}
	return err // that of the record says what is wrong
}

type activationStatus struct{ selected }

// Run shows where an activation is.
func (c activationStatus) Run(ctx context.Context, p *program) error { return c.show(ctx, p, "status") }

type activationResult struct{ selected }

// Run shows a result.
func (c activationResult) Run(ctx context.Context, p *program) error {
	cl, id, err := c.find(ctx, p)
	if err != nil {
		return err
	}
	body, err := cl.Activation(ctx, id, "result")
	if err != nil {
		return fmt.Errorf("get result: %w", err)
	}
	var response client.Response
	if err := json.Unmarshal(body, &response); err != nil {
		return fmt.Errorf("read result: %w", err)
	}
	return show(p.stdout, response.Result)
}

type activationLogs struct {
	selected
	Follow bool `short:"f" help:"Go on until the activation ends."`
	Strip  bool `short:"r" help:"Leave out the time and stream of each line."`
}

// Run prints log lines.
func (c activationLogs) Run(ctx context.Context, p *program) error {
	cl, id, err := c.find(ctx, p)
	if err != nil {
		return err
	}
	return logsOf(ctx, p, cl, id, c.Follow, c.Strip)
}

func printLines(p *program, lines []string, strip bool) error {
	for _, line := range lines {
		if strip {
			line = stripped(line)
		}
		if _, err := fmt.Fprintln(p.stdout, line); err != nil {
			return err
		}
	}
	return nil
}

// stripped removes the time and the name of the stream, which fill a fixed
// place at the beginning of a line.
func stripped(line string) string {
	if _, text, ok := strings.Cut(line, " stdout: "); ok {
		return text
	}
	if _, text, ok := strings.Cut(line, " stderr: "); ok {
		return text
	}
	return line
}
