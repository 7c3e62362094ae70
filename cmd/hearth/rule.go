package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/hearth-faas/hearth/cmd/hearth/client"
)

type ruleCommand struct {
	Create  ruleCreate  `cmd:"" help:"Make an active rule."`
	Update  ruleUpdate  `cmd:"" help:"Change a rule, or make it."`
	Enable  ruleEnable  `cmd:"" help:"Make a rule active."`
	Disable ruleDisable `cmd:"" help:"Make a rule inactive."`
	Status  ruleStatus  `cmd:"" help:"Say whether a rule is active."`
	Get     ruleGet     `cmd:"" help:"Show a rule."`
	List    ruleList    `cmd:"" help:"List rules."`
	Delete  ruleDelete  `cmd:"" help:"Delete a rule."`
}

type rulePut struct {
	connection
	Name    string `arg:"" help:"The rule."`
	Trigger string `arg:"" help:"The trigger whose events it takes."`
	Action  string `arg:"" help:"The action that it invokes."`
}

func (c rulePut) do(ctx context.Context, p *program, overwrite bool) error {
	trigger, err := client.ParseName(c.Trigger)
	if err != nil {
		return usagef("%v", err)
	}
	action, err := client.ParseName(c.Action)
	if err != nil {
		return usagef("%v", err)
	}
	body := client.Put{Trigger: trigger.String(), Action: action.String()}
	return c.put(ctx, p, client.Rules, c.Name, body, overwrite)
}

type ruleCreate struct{ rulePut }

// Run makes a rule.
func (c ruleCreate) Run(ctx context.Context, p *program) error { return c.do(ctx, p, false) }

type ruleUpdate struct{ rulePut }

// Run changes a rule.
func (c ruleUpdate) Run(ctx context.Context, p *program) error { return c.do(ctx, p, true) }

type ruleName struct {
	connection
	Name string `arg:"" help:"The rule."`
}

func (c ruleName) set(ctx context.Context, p *program, active bool, word string) error {
	cl, n, err := c.resolve(p.env, c.Name)
	if err != nil {
		return err
	}
	if err := cl.SetRule(ctx, n, active); err != nil {
		return fmt.Errorf("change rule: %w", err)
	}
	return p.ok("%s rule %s", word, c.Name)
}

type ruleEnable struct{ ruleName }

// Run makes a rule active.
func (c ruleEnable) Run(ctx context.Context, p *program) error { return c.set(ctx, p, true, "enabled") }

type ruleDisable struct{ ruleName }

// Run makes a rule inactive.
func (c ruleDisable) Run(ctx context.Context, p *program) error {
	return c.set(ctx, p, false, "disabled")
}

type ruleStatus struct{ ruleName }

// Run prints "active" or "inactive".
func (c ruleStatus) Run(ctx context.Context, p *program) error {
	cl, n, err := c.resolve(p.env, c.Name)
	if err != nil {
		return err
	}
	status, err := statusOf(ctx, cl, n)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(p.stdout, status)
	return err
}

func statusOf(ctx context.Context, cl *client.Client, n client.Name) (string, error) {
	body, err := cl.Get(ctx, client.Rules, n, false)
	if err != nil {
		return "", fmt.Errorf("get rule: %w", err)
	}
	var rule client.Entity
	if err := json.Unmarshal(body, &rule); err != nil {
		return "", fmt.Errorf("read rule: %w", err)
	}
	return rule.Status, nil
}

type ruleGet struct{ ruleName }

// Run shows a rule.
func (c ruleGet) Run(ctx context.Context, p *program) error {
	return c.get(ctx, p, client.Rules, c.Name)
}

type ruleList struct {
	connection
	paging
}

// Run lists rules.
func (c ruleList) Run(ctx context.Context, p *program) error {
	cl, err := c.client(p.env)
	if err != nil {
		return err
	}
	var failed error
	err = c.listing(ctx, p, client.Rules, c.page(), func(e client.Entity) string {
		if e.Status != "" {
			return e.Status
		}
		// The list does not tell, as its original does not.
		status, err := statusOf(ctx, cl, client.Name{Namespace: e.Namespace, Name: e.Name})
		failed = errors.Join(failed, err)
		return status
	})
	return errors.Join(err, failed)
}

type ruleDelete struct{ ruleName }

// Run deletes a rule.
func (c ruleDelete) Run(ctx context.Context, p *program) error {
	return c.delete(ctx, p, client.Rules, c.Name, false)
}
