package store

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
)

// Trigger reads a trigger and its rules, sorted by name. ErrNotFound,
// ErrOtherType, ErrCorrupt.
func (db *DB) Trigger(ctx context.Context, name core.Name) (*core.Trigger, error) {
	pipe := db.rdb.Pipeline()
	cmd := read(ctx, pipe, name, false)
	links := pipe.HGetAll(ctx, linksKey(name.Namespace, name.Name))
	if err := run(ctx, pipe, "read trigger"); err != nil {
		return nil, err
	}
	r, err := parse(cmd, core.TypeTrigger)
	if err != nil {
		return nil, err
	}
	trigger, err := db.decodeTrigger(name, r)
	if err != nil {
		return nil, err
	}
	for rule, link := range links.Val() {
		state, action, _ := strings.Cut(link, " ")
		target, err := core.ParseName(action, "")
		if err != nil {
			return nil, corrupt(name, r, err)
		}
		trigger.Rules = append(trigger.Rules, core.RuleLink{
			Rule: core.Name{Namespace: name.Namespace, Name: rule}, Action: target, Active: state == linkActive,
		})
	}
	slices.SortFunc(trigger.Rules, func(a, b core.RuleLink) int { return cmp.Compare(a.Rule.Name, b.Rule.Name) })
	return trigger, nil
}

// PutTrigger writes the trigger, but not its rules, and sets its Revision and
// Updated. expect is the revision that it replaces, "" to create it.
// ErrExists, ErrChanged (or ErrNotFound: deleted meanwhile), ErrOtherType.
func (db *DB) PutTrigger(ctx context.Context, t *core.Trigger, expect string) error {
	return db.put(ctx, core.TypeTrigger, &t.Meta, expect, db.formTrigger(t))
}

// deleteTriggerScript deletes a trigger. Its rules stay, inactive, and so do
// its links: a trigger made later under the same name finds them.
//
// KEYS: its hash, the index of triggers, its links.
// ARGV: expected revision, name, prefix of the hashes of entities.
// Returns the milliseconds of the write, or a refusal.
var deleteTriggerScript = redis.NewScript(guard + `
local no = guard(KEYS[1], 'trigger', ARGV[1])
if no < 0 then return no end
redis.call('DEL', KEYS[1])
redis.call('ZREM', KEYS[2], ARGV[2])
local links = redis.call('HGETALL', KEYS[3])
for i = 1, #links, 2 do
	redis.call('HSET', KEYS[3], links[i], (string.gsub(links[i + 1], '^%a+', 'inactive')))
	redis.call('HSET', ARGV[3] .. links[i], 'active', '0')
end
return now()
`)

// DeleteTrigger deletes the trigger if it still has the revision, and makes
// its rules inactive. ErrNotFound, ErrOtherType, ErrChanged.
func (db *DB) DeleteTrigger(ctx context.Context, name core.Name, revision string) error {
	ns := name.Namespace
	keys := []string{entityKey(ns, name.Name), indexKey(ns, core.TypeTrigger), linksKey(ns, name.Name)}
	_, err := db.write(ctx, deleteTriggerScript, "delete trigger", keys, revision, name.Name, entityPrefix(ns))
	return err
}

// Triggers lists triggers without their rules, latest first. limit 0 means
// all.
func (db *DB) Triggers(ctx context.Context, namespace string, skip, limit int) ([]core.Trigger, error) {
	return list(ctx, db, namespace, indexKey(namespace, core.TypeTrigger), core.TypeTrigger, skip, limit, db.decodeTrigger)
}
