package store

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
)

// A rule's link is a field of its trigger's links: the state, a space, and
// the full name of the action. The state is in the rule's hash too (field
// active), and both are written by the same scripts.
const (
	linkActive   = "active"
	linkInactive = "inactive"
)

// linkText returns the link of a rule.
func linkText(action core.Name, active bool) string {
	if active {
		return linkActive + " " + action.String()
	}
	return linkInactive + " " + action.String()
}

// Rule reads a rule with its state. ErrNotFound, ErrOtherType, ErrCorrupt.
func (db *DB) Rule(ctx context.Context, name core.Name) (*core.Rule, error) {
	r, err := db.one(ctx, name, core.TypeRule, false)
	if err != nil {
		return nil, err
	}
	return decodeRule(name, r)
}

// putRuleScript writes a rule and links it to its trigger. A new rule is
// active; a changed one keeps its state, also on its way to another trigger.
//
// KEYS: the rule's hash, the index of rules, the hash of the trigger, its
// links, the links of the trigger that the rule was at (or the same).
// ARGV: expected revision or "", new revision, name, document, action.
// Returns the milliseconds of the write and 1 for an active rule, or a
// refusal and 0.
var putRuleScript = redis.NewScript(guard + `
local no = guard(KEYS[1], 'rule', ARGV[1])
if no < 0 then return {no, 0} end
if redis.call('HGET', KEYS[3], 'type') ~= 'trigger' then return {-7, 0} end
local active = '1'
if ARGV[1] ~= '' then active = redis.call('HGET', KEYS[1], 'active') end
local ms = now()
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'type', 'rule', 'revision', ARGV[2], 'updated', string.format('%d', ms), 'doc', ARGV[4], 'active', active)
redis.call('ZADD', KEYS[2], ms, ARGV[3])
redis.call('HDEL', KEYS[5], ARGV[3])
local state = 'inactive '
if active == '1' then state = 'active ' end
redis.call('HSET', KEYS[4], ARGV[3], state .. ARGV[5])
return {ms, tonumber(active)}
`)

// PutRule writes the rule, links it to its trigger and unlinks it from the
// one it was at; it sets Revision, Updated and Active. old is the rule as it
// was read, nil or without a revision to create it. Both names are of one namespace. ErrExists,
// ErrChanged (or ErrNotFound: deleted meanwhile), ErrOtherType, ErrNoTrigger.
func (db *DB) PutRule(ctx context.Context, r *core.Rule, old *core.Rule) error {
	ns, name := r.Name.Namespace, r.Name.Name
	if r.Trigger.Namespace != ns || r.Trigger.Package != "" {
		return fmt.Errorf("rule %s: trigger %s is not of its namespace", r.Name, r.Trigger)
	}
	doc, err := encode(ruleForm{formMeta(r.Meta), r.Trigger.String(), r.Action.String()})
	if err != nil {
		return err
	}
	expect, from := "", r.Trigger.Name
	if old != nil && old.Revision != "" {
		expect, from = old.Revision, old.Trigger.Name
	}
	revision := newRevision()
	keys := []string{
		entityKey(ns, name), indexKey(ns, core.TypeRule), entityKey(ns, r.Trigger.Name),
		linksKey(ns, r.Trigger.Name), linksKey(ns, from),
	}
	answer, err := putRuleScript.Run(ctx, db.rdb, keys, expect, revision, name, doc, r.Action.String()).Int64Slice()
	if err != nil {
		return core.Unavailable("write rule", err)
	}
	if err := refusal(answer[0]); err != nil {
		return err
	}
	r.Revision, r.Updated, r.Active = revision, millis(answer[0]), answer[1] == 1
	return nil
}

// setRuleScript makes a rule active or inactive.
//
// KEYS: the rule's hash, the hash of its trigger, the trigger's links.
// ARGV: expected revision, name, "1" for active, the link.
// Returns the milliseconds of the write, or a refusal.
var setRuleScript = redis.NewScript(guard + `
local no = guard(KEYS[1], 'rule', ARGV[1])
if no < 0 then return no end
if redis.call('HGET', KEYS[2], 'type') ~= 'trigger' then return -7 end
redis.call('HSET', KEYS[1], 'active', ARGV[3])
redis.call('HSET', KEYS[3], ARGV[2], ARGV[4])
return now()
`)

// SetRule makes the rule active or inactive; its revision stays. ErrNotFound,
// ErrOtherType, ErrChanged, ErrNoTrigger.
func (db *DB) SetRule(ctx context.Context, r *core.Rule, active bool) error {
	ns := r.Name.Namespace
	keys := []string{entityKey(ns, r.Name.Name), entityKey(ns, r.Trigger.Name), linksKey(ns, r.Trigger.Name)}
	_, err := db.write(ctx, setRuleScript, "set rule", keys, r.Revision, r.Name.Name, active, linkText(r.Action, active))
	return err
}

// deleteRuleScript deletes a rule and its link.
//
// KEYS: the rule's hash, the index of rules, the links of its trigger.
// ARGV: expected revision, name.
// Returns the milliseconds of the write, or a refusal.
var deleteRuleScript = redis.NewScript(guard + `
local no = guard(KEYS[1], 'rule', ARGV[1])
if no < 0 then return no end
redis.call('DEL', KEYS[1])
redis.call('ZREM', KEYS[2], ARGV[2])
redis.call('HDEL', KEYS[3], ARGV[2])
return now()
`)

// DeleteRule deletes the rule, as it was read, and unlinks it from its
// trigger. ErrNotFound, ErrOtherType, ErrChanged.
func (db *DB) DeleteRule(ctx context.Context, r *core.Rule) error {
	ns := r.Name.Namespace
	keys := []string{entityKey(ns, r.Name.Name), indexKey(ns, core.TypeRule), linksKey(ns, r.Trigger.Name)}
	_, err := db.write(ctx, deleteRuleScript, "delete rule", keys, r.Revision, r.Name.Name)
	return err
}

// Rules lists rules, latest first. limit 0 means all.
func (db *DB) Rules(ctx context.Context, namespace string, skip, limit int) ([]core.Rule, error) {
	return list(ctx, db, namespace, indexKey(namespace, core.TypeRule), core.TypeRule, skip, limit, decodeRule)
}
