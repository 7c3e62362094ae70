package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
)

// Finding is something in Redis that contradicts something else there.
type Finding struct {
	Entity  core.Name // Name is empty for a finding about the namespace
	Problem string
}

// String returns the finding as a line for the operator.
func (f Finding) String() string {
	if f.Entity.Name == "" {
		return f.Entity.Namespace + ": " + f.Problem
	}
	return f.Entity.Full() + ": " + f.Problem
}

// Check reads all entities and returns what does not fit together: indexes,
// packages and links that disagree with the entities, and documents that
// cannot be decoded. It reads without a lock, so run it twice before you
// believe a finding on a busy system.
func (db *DB) Check(ctx context.Context) ([]Finding, error) {
	namespaces, err := db.Namespaces(ctx)
	if err != nil {
		return nil, err
	}
	var found []Finding
	for _, ns := range namespaces {
		c := checker{db: db, ns: ns.Name, held: map[string]core.Type{}}
		if err := c.run(ctx); err != nil {
			return nil, fmt.Errorf("check namespace %s: %w", ns.Name, err)
		}
		found = append(found, c.found...)
	}
	return found, nil
}

// checker checks one namespace.
type checker struct {
	db    *DB
	ns    string
	found []Finding

	mu   sync.Mutex
	held map[string]core.Type // every entity, by local name
}

func (c *checker) report(local, problem string, args ...any) {
	c.found = append(c.found, Finding{core.ParseLocal(c.ns, local), fmt.Sprintf(problem, args...)})
}

func (c *checker) run(ctx context.Context) error {
	if err := c.collect(ctx); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{c.indexes, c.packages, c.links, c.documents} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// collect finds all entities by their keys, not trusting any index.
func (c *checker) collect(ctx context.Context) error {
	start := entityPrefix(c.ns)
	return c.db.eachMaster(ctx, func(ctx context.Context, master redis.Cmdable) error {
		return scan(ctx, master, start+"*", func(keys []string) error {
			for _, key := range keys {
				typ, err := master.HGet(ctx, key, "type").Result()
				if err != nil && !errors.Is(err, redis.Nil) {
					return err
				}
				c.mu.Lock()
				c.held[strings.TrimPrefix(key, start)] = core.Type(typ)
				c.mu.Unlock()
			}
			return nil
		})
	})
}

// indexes compares the index of each type with the entities, both ways.
func (c *checker) indexes(ctx context.Context) error {
	for _, typ := range []core.Type{core.TypeAction, core.TypePackage, core.TypeTrigger, core.TypeRule} {
		listed, err := c.members(ctx, indexKey(c.ns, typ))
		if err != nil {
			return err
		}
		for local := range listed {
			if c.held[local] != typ {
				c.report(local, "the index of %ss names it, but it is not there", typ)
			}
		}
		for local, held := range c.held {
			if held == typ && !listed[local] {
				c.report(local, "the index of %ss lacks it", typ)
			}
		}
	}
	return c.functions(ctx)
}

// functions looks for entries in the index of functions that are no actions.
func (c *checker) functions(ctx context.Context) error {
	listed, err := c.members(ctx, functionsKey(c.ns))
	for local := range listed {
		if c.held[local] != core.TypeAction {
			c.report(local, "the index of functions names it, but it is not there")
		}
	}
	return err
}

// packages compares packaged actions with their packages and the packages'
// indexes.
func (c *checker) packages(ctx context.Context) error {
	listed := map[string]bool{}
	for local, typ := range c.held {
		if typ != core.TypePackage {
			continue
		}
		members, err := c.members(ctx, packageKey(c.ns, local))
		if err != nil {
			return err
		}
		for action := range members {
			listed[action] = true
			if c.held[action] != core.TypeAction {
				c.report(action, "its package names it, but it is not there")
			}
		}
	}
	for local, typ := range c.held {
		pkg := core.ParseLocal(c.ns, local).Package
		switch {
		case typ != core.TypeAction || pkg == "":
		case c.held[pkg] != core.TypePackage:
			c.report(local, "it has no package")
		case !listed[local]:
			c.report(local, "its package lacks it")
		}
	}
	return nil
}

func (c *checker) members(ctx context.Context, index string) (map[string]bool, error) {
	names, err := c.db.rdb.ZRange(ctx, index, 0, -1).Result()
	members := make(map[string]bool, len(names))
	for _, name := range names {
		members[name] = true
	}
	return members, err
}

// links compares rules with the links of their triggers, both ways.
func (c *checker) links(ctx context.Context) error {
	start := linksKey(c.ns, "")
	var mu sync.Mutex
	linked := map[string]map[string]string{} // rule -> trigger -> link
	err := c.db.eachMaster(ctx, func(ctx context.Context, master redis.Cmdable) error {
		return scan(ctx, master, start+"*", func(keys []string) error {
			for _, key := range keys {
				links, err := master.HGetAll(ctx, key).Result()
				if err != nil {
					return err
				}
				mu.Lock()
				for rule, link := range links {
					if linked[rule] == nil {
						linked[rule] = map[string]string{}
					}
					linked[rule][strings.TrimPrefix(key, start)] = link
				}
				mu.Unlock()
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	for local, typ := range c.held {
		if typ != core.TypeRule {
			continue
		}
		if err := c.link(ctx, local, linked[local]); err != nil {
			return err
		}
	}
	for rule, at := range linked {
		for trigger := range at {
			if c.held[rule] != core.TypeRule {
				c.report(rule, "trigger %s has a link to it, but it is not there", trigger)
			}
		}
	}
	return nil
}

// link checks that a rule has one link, and the right one.
func (c *checker) link(ctx context.Context, local string, at map[string]string) error {
	rule, err := c.db.Rule(ctx, core.ParseLocal(c.ns, local))
	switch {
	case errors.Is(err, ErrCorrupt), errors.Is(err, ErrNotFound), errors.Is(err, ErrOtherType):
		return nil // reported with the documents, or gone
	case err != nil:
		return err
	}
	if _, ok := at[rule.Trigger.Name]; !ok {
		c.report(local, "trigger %s has no link to it", rule.Trigger.Name)
	}
	for trigger, link := range at {
		switch {
		case trigger != rule.Trigger.Name:
			c.report(local, "trigger %s has a link to it that it left", trigger)
		case link != linkText(rule.Action, rule.Active):
			c.report(local, "trigger %s has the link %q for it", trigger, link)
		}
	}
	if rule.Active && c.held[rule.Trigger.Name] != core.TypeTrigger {
		c.report(local, "it is active without its trigger %s", rule.Trigger.Name)
	}
	return nil
}

// documents decodes every entity.
func (c *checker) documents(ctx context.Context) error {
	for local, typ := range c.held {
		name := core.ParseLocal(c.ns, local)
		var err error
		switch typ {
		case core.TypeAction:
			_, err = c.db.Action(ctx, name, false)
		case core.TypePackage:
			_, err = c.db.Package(ctx, name)
		case core.TypeTrigger:
			_, err = c.db.Trigger(ctx, name)
		case core.TypeRule:
			_, err = c.db.Rule(ctx, name)
		default:
			c.report(local, "its type %q is unknown", typ)
		}
		switch {
		case errors.Is(err, ErrCorrupt):
			c.report(local, "it cannot be read: %v", err)
		case core.KindOf(err) == core.KindUnavailable:
			return err
		}
	}
	return nil
}
