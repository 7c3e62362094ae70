package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"unicode"

	"github.com/hearth-faas/hearth/cmd/hearth/localredis"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

type namespaceCommand struct {
	Create    namespaceCreate  `cmd:"" help:"Make a namespace and print its key, which is shown only once."`
	List      namespaceList    `cmd:"" help:"List namespaces."`
	Limit     namespaceLimit   `cmd:"" help:"Set limits of a namespace, or show them."`
	RotateKey namespaceRotate  `cmd:"" help:"Give a namespace a new secret and print its key."`
	Block     namespaceBlock   `cmd:"" help:"Lock a namespace out."`
	Unblock   namespaceUnblock `cmd:"" help:"Let a namespace in again."`
	Delete    namespaceDelete  `cmd:"" help:"Delete a namespace with all that it owns."`
}

// operator is where commands of the operator find Redis.
type operator struct {
	redisSettings
	dataSettings
}

// open connects to Redis: the one that is named, or that of hearth up.
func (c operator) open(ctx context.Context) (*store.DB, func(), error) {
	address := c.address()
	rdb, err := connect(address)
	if err != nil {
		return nil, nil, err
	}
	if err := rdb.Ping(ctx).Err(); err != nil {
		_ = rdb.Close() // it was never open
		return nil, nil, fmt.Errorf("ask redis at %s (is hearth up, or should --redis name another?): %w", redacted(address), err)
	}
	return store.New(rdb), func() { _ = rdb.Close() }, nil
}

func (c operator) address() string {
	if c.Redis != "" {
		return c.Redis
	}
	return "unix://" + localredis.SocketPath(redisFolder(c.Data))
}

// redisFolder is where the Redis of hearth up keeps its data.
func redisFolder(data string) string { return filepath.Join(data, "redis") }

// quotaFlags are limits as an operator gives them; "default" takes one back.
type quotaFlags struct {
	Limit []string `sep:"none" placeholder:"NAME=VALUE" help:"A limit: invocations-per-minute, fires-per-minute, concurrent-invocations, store-activations, or allowed-kinds (with commas); or the API's names for them. The value default takes it back."`
}

// apply changes a quota.
func (f quotaFlags) apply(q *core.Quota) error {
	for _, limit := range f.Limit {
		name, value, ok := strings.Cut(limit, "=")
		if !ok {
			return usagef("%q is not of the form NAME=VALUE", limit)
		}
		if err := setLimit(q, dashed(name), value); err != nil {
			return err
		}
	}
	return nil
}

// dashed spells the name of a limit as flags do, which the API spells in camel
// case: invocationsPerMinute is invocations-per-minute.
func dashed(name string) string {
	var b strings.Builder
	for _, r := range name {
		if unicode.IsUpper(r) {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

func setLimit(q *core.Quota, name, value string) error {
	number := map[string]**int{
		"invocations-per-minute": &q.InvocationsPerMinute,
		"fires-per-minute":       &q.FiresPerMinute,
		"concurrent-invocations": &q.ConcurrentInvocations,
	}[name]
	back := value == "default"
	switch {
	case number != nil && back:
		*number = nil
	case number != nil:
		n, err := strconv.Atoi(value)
		if err != nil || n < 0 {
			return usagef("%s: %q is no number from 0 on", name, value)
		}
		*number = &n
	case name == "allowed-kinds" && back:
		q.AllowedKinds = nil
	case name == "allowed-kinds":
		q.AllowedKinds = strings.Split(value, ",")
	case name == "store-activations" && back:
		q.StoreActivations = nil
	case name == "store-activations":
		b, err := strconv.ParseBool(value)
		if err != nil {
			return usagef("%s: want true or false, got %q", name, value)
		}
		q.StoreActivations = &b
	default:
		return usagef("there is no limit %q", name)
	}
	return nil
}

type namespaceCreate struct {
	operator
	quotaFlags
	Name string `arg:"" help:"The namespace."`
	Auth string `placeholder:"UUID:KEY" help:"The key to give it, instead of a random one."`
}

// Run makes a namespace, and prints its key alone.
func (c namespaceCreate) Run(ctx context.Context, p *program) error {
	var quota core.Quota
	if err := c.apply(&quota); err != nil {
		return err
	}
	db, done, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	key, err := c.create(ctx, db)
	if err != nil {
		return err
	}
	if len(c.Limit) > 0 {
		if err := db.SetQuota(ctx, c.Name, quota); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintln(p.stdout, key.String())
	return err
}

func (c namespaceCreate) create(ctx context.Context, db *store.DB) (core.Credentials, error) {
	if c.Auth == "" {
		return db.CreateNamespace(ctx, c.Name)
	}
	uuid, secret, _ := strings.Cut(c.Auth, ":")
	key := core.Credentials{UUID: uuid, Secret: secret}
	return key, db.CreateNamespaceWith(ctx, c.Name, key)
}

type namespaceName struct {
	operator
	Name string `arg:"" help:"The namespace."`
}

// change opens Redis, calls f, and says what was done.
func (c namespaceName) change(ctx context.Context, p *program, done string, f func(*store.DB) error) error {
	db, end, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer end()
	if err := f(db); err != nil {
		return err
	}
	return p.ok("%s namespace %s", done, c.Name)
}

type namespaceBlock struct{ namespaceName }

// Run locks a namespace out.
func (c namespaceBlock) Run(ctx context.Context, p *program) error {
	return c.change(ctx, p, "blocked", func(db *store.DB) error { return db.SetBlocked(ctx, c.Name, true) })
}

type namespaceUnblock struct{ namespaceName }

// Run lets a namespace in again.
func (c namespaceUnblock) Run(ctx context.Context, p *program) error {
	return c.change(ctx, p, "unblocked", func(db *store.DB) error { return db.SetBlocked(ctx, c.Name, false) })
}

type namespaceDelete struct{ namespaceName }

// Run deletes a namespace.
func (c namespaceDelete) Run(ctx context.Context, p *program) error {
	return c.change(ctx, p, "deleted", func(db *store.DB) error { return db.DeleteNamespace(ctx, c.Name) })
}

type namespaceRotate struct{ namespaceName }

// Run gives a namespace a new secret, and prints its key alone.
func (c namespaceRotate) Run(ctx context.Context, p *program) error {
	db, done, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer done()
	key, err := db.RotateKey(ctx, c.Name)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(p.stdout, key.String())
	return err
}
