package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/hearth-faas/hearth/core"
)

type namespaceList struct{ operator }

// Run lists namespaces.
func (c namespaceList) Run(ctx context.Context, p *program) error {
	db, done, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	list, err := db.Namespaces(ctx)
	if err != nil {
		return err
	}
	rows := [][]string{{"NAMESPACE", "STATUS", "CREATED", "LIMITS"}}
	for _, n := range list {
		status := "open"
		if n.Blocked {
			status = "blocked"
		}
		rows = append(rows, []string{n.Name, status, moment(n.Created.UnixMilli()), strings.Join(limits(n.Quota), " ")})
	}
	return table(p.stdout, rows)
}

// limits prints the limits that a quota sets, in the form that sets them.
func limits(q core.Quota) []string {
	var all []string
	for _, n := range []struct {
		name  string
		value *int
	}{
		{"invocations-per-minute", q.InvocationsPerMinute},
		{"fires-per-minute", q.FiresPerMinute},
		{"concurrent-invocations", q.ConcurrentInvocations},
	} {
		if n.value != nil {
			all = append(all, n.name+"="+strconv.Itoa(*n.value))
		}
	}
	if q.AllowedKinds != nil {
		all = append(all, "allowed-kinds="+strings.Join(q.AllowedKinds, ","))
	}
	if q.StoreActivations != nil {
		all = append(all, "store-activations="+strconv.FormatBool(*q.StoreActivations))
	}
	return all
}

type namespaceLimit struct {
	namespaceName
	quotaFlags
}

// Run sets limits, and prints those that the namespace then has.
func (c namespaceLimit) Run(ctx context.Context, p *program) error {
	db, done, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	n, err := db.Namespace(ctx, c.Name)
	if err != nil {
		return err
	}
	if len(c.Limit) > 0 {
		if err := c.apply(&n.Quota); err != nil {
			return err
		}
		if err := db.SetQuota(ctx, c.Name, n.Quota); err != nil {
			return err
		}
	}
	for _, limit := range limits(n.Quota) {
		if _, err := fmt.Fprintln(p.stdout, limit); err != nil {
			return err
		}
	}
	return nil
}
