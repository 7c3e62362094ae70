package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

type functionCommand struct {
	New      functionNew      `cmd:"" help:"Begin a function: a folder with its handler, and an entry of stack.yml."`
	Build    functionBuild    `cmd:"" help:"Build the images of functions on this machine."`
	Deploy   functionDeploy   `cmd:"" help:"Make functions of images, or replace them."`
	Up       functionUp       `cmd:"" help:"Build functions and deploy them."`
	List     functionList     `cmd:"" help:"List functions."`
	Describe functionDescribe `cmd:"" help:"Show a function."`
	Scale    functionScale    `cmd:"" help:"Set how many replicas a function has."`
	Logs     functionLogs     `cmd:"" help:"Show what the containers of a function print."`
	Remove   functionRemove   `cmd:"" help:"Delete functions."`
}

// functionJSON is a function as the API shows it.
type functionJSON struct {
	Name        string `json:"name"`
	Image       string `json:"image"`
	Invocations int    `json:"invocationCount"`
	Replicas    int    `json:"replicas"`
	Available   int    `json:"availableReplicas"`
}

type functionList struct{ gatewayConnection }

// Run lists functions.
func (c functionList) Run(ctx context.Context, p *program) error {
	body, err := c.do(ctx, p.env, http.MethodGet, "/system/functions", nil, nil)
	if err != nil {
		return err
	}
	var list []functionJSON
	if err := json.Unmarshal(body, &list); err != nil {
		return fmt.Errorf("read the list of functions: %w", err)
	}
	rows := [][]string{{"NAME", "INVOCATIONS", "READY", "REPLICAS", "IMAGE"}}
	for _, f := range list {
		rows = append(rows, []string{f.Name, strconv.Itoa(f.Invocations), strconv.Itoa(f.Available), strconv.Itoa(f.Replicas), f.Image})
	}
	return table(p.stdout, rows)
}

type functionDescribe struct {
	gatewayConnection
	Name string `arg:"" help:"The function."`
}

// Run shows a function.
func (c functionDescribe) Run(ctx context.Context, p *program) error {
	body, err := c.do(ctx, p.env, http.MethodGet, "/system/function/"+url.PathEscape(c.Name), nil, nil)
	if isStatus(err, http.StatusNotFound) {
		return fmt.Errorf("there is no function %s", c.Name)
	}
	if err != nil {
		return err
	}
	return show(p.stdout, body)
}

type functionScale struct {
	gatewayConnection
	Name     string `arg:"" help:"The function."`
	Replicas int    `arg:"" help:"How many; 0 for none until it is called."`
}

// Run sets the number of replicas.
func (c functionScale) Run(ctx context.Context, p *program) error {
	in := map[string]any{"serviceName": c.Name, "replicas": c.Replicas, "namespace": c.Namespace}
	if _, err := c.do(ctx, p.env, http.MethodPost, "/system/scale-function/"+url.PathEscape(c.Name), nil, in); err != nil {
		return err
	}
	return p.ok("function " + c.Name + " will have " + strconv.Itoa(c.Replicas) + " replicas")
}

type functionLogs struct {
	gatewayConnection
	Name   string        `arg:"" help:"The function."`
	Follow bool          `short:"f" help:"Go on with what is still to come."`
	Tail   int           `placeholder:"N" help:"No more than the last N lines."`
	Since  time.Duration `placeholder:"DURATION" help:"None that is older."`
}

// Run prints lines of the log.
func (c functionLogs) Run(ctx context.Context, p *program) error {
	q := url.Values{"name": {c.Name}, "follow": {strconv.FormatBool(c.Follow)}}
	if c.Tail > 0 {
		q.Set("tail", strconv.Itoa(c.Tail))
	}
	if c.Since > 0 {
		q.Set("since", time.Now().Add(-c.Since).UTC().Format(time.RFC3339))
	}
	res, err := c.send(ctx, p.env, http.MethodGet, "/system/logs", q, nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	for lines := json.NewDecoder(res.Body); lines.More(); {
		var l struct {
			Timestamp      time.Time
			Instance, Text string
		}
		if err := lines.Decode(&l); err != nil {
			return fmt.Errorf("read the log: %w", err)
		}
		if _, err := fmt.Fprintln(p.stdout, l.Timestamp.Format("2006-01-02 15:04:05.000"), l.Instance, l.Text); err != nil {
			return err
		}
	}
	return nil
}
