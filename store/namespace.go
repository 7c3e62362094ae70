package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
)

// quotaForm is the stored form of a quota; what is absent is the platform's
// default.
type quotaForm struct {
	InvocationsPerMinute  *int     `json:"invocationsPerMinute,omitempty"`
	FiresPerMinute        *int     `json:"firesPerMinute,omitempty"`
	ConcurrentInvocations *int     `json:"concurrentInvocations,omitempty"`
	AllowedKinds          []string `json:"allowedKinds,omitempty"`
	StoreActivations      *bool    `json:"storeActivations,omitempty"`
}

// CreateNamespace makes a namespace and returns its only credentials: they
// are not stored and cannot be had again. KindInvalid for a bad name,
// KindConflict when it exists.
func (db *DB) CreateNamespace(ctx context.Context, name string) (core.Credentials, error) {
	c := newCredentials()
	return c, db.CreateNamespaceWith(ctx, name, c)
}

// createNamespaceScript makes the hash of a namespace unless it is there.
//
// KEYS: the hash.
// ARGV: UUID of its key, subject, then further fields and their values.
// Returns 1, or 0 when it exists.
var createNamespaceScript = redis.NewScript(`
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
local t = redis.call('TIME')
redis.call('HSET', KEYS[1], 'created', string.format('%d', t[1] * 1000 + math.floor(t[2] / 1000)), 'key', ARGV[1], 'subject', ARGV[2], unpack(ARGV, 3))
return 1
`)

// CreateNamespaceWith is CreateNamespace with credentials that the caller
// knows, which no other namespace may have.
func (db *DB) CreateNamespaceWith(ctx context.Context, name string, c core.Credentials) error {
	return db.createNamespace(ctx, name, c)
}

func (db *DB) createNamespace(ctx context.Context, name string, c core.Credentials, fields ...any) error {
	const doing = "create namespace"
	if err := core.ValidNamespace(name); err != nil {
		return err
	}
	if name == core.Self {
		return core.Errorf(core.KindInvalid, "The namespace contains illegal characters.")
	}
	if err := validCredentials(c); err != nil {
		return err
	}
	// The keys lie in different slots of a cluster, so the order matters: the
	// hash comes last, and without it neither name nor key mean anything.
	if err := db.rdb.SAdd(ctx, namespacesKey, name).Err(); err != nil {
		return core.Unavailable(doing, err)
	}
	switch n, err := db.rdb.Exists(ctx, namespaceKey(name)).Result(); {
	case err != nil:
		return core.Unavailable(doing, err)
	case n == 1:
		return core.Errorf(core.KindConflict, "namespace %s exists already", name)
	}
	if err := db.claimKey(ctx, name, c); err != nil {
		return err
	}
	made, err := createNamespaceScript.Run(ctx, db.rdb, []string{namespaceKey(name)}, append([]any{c.UUID, name}, fields...)...).Int64()
	if err != nil {
		return core.Unavailable(doing, err)
	}
	if made == 1 {
		return nil
	}
	// Somebody else made it meanwhile: take our key back, unless it is theirs.
	if t, err := db.tenant(ctx, name); err == nil && t.key != c.UUID {
		if err := db.rdb.Del(ctx, credentialKey(c.UUID)).Err(); err != nil {
			return core.Unavailable(doing, err)
		}
	}
	return core.Errorf(core.KindConflict, "namespace %s exists already", name)
}

// tenant is a namespace as stored, with the key that it has.
type tenant struct {
	core.Namespace
	key     string
	subject string
}

func (db *DB) tenant(ctx context.Context, name string) (tenant, error) {
	fields, err := db.rdb.HGetAll(ctx, namespaceKey(name)).Result()
	if err != nil {
		return tenant{}, core.Unavailable("read namespace", err)
	}
	return parseTenant(name, fields)
}

func parseTenant(name string, fields map[string]string) (tenant, error) {
	if len(fields) == 0 {
		return tenant{}, core.Errorf(core.KindNotFound, "namespace %s does not exist", name)
	}
	ms, err := strconv.ParseInt(fields["created"], 10, 64)
	if err != nil {
		return tenant{}, fmt.Errorf("namespace %s: time of creation: %w: %w", name, ErrCorrupt, err)
	}
	t := tenant{key: fields["key"], subject: fields["subject"]}
	t.Namespace = core.Namespace{Name: name, Blocked: fields["blocked"] == "1", Created: millis(ms)}
	if quota := fields["quota"]; quota != "" {
		var f quotaForm
		if err := json.Unmarshal([]byte(quota), &f); err != nil {
			return tenant{}, fmt.Errorf("namespace %s: quota: %w: %w", name, ErrCorrupt, err)
		}
		t.Quota = core.Quota(f)
	}
	if t.Labels, t.Annotations, err = parseNotes(fields); err != nil {
		return tenant{}, fmt.Errorf("namespace %s: %w", name, err)
	}
	return t, nil
}

// Namespace reads a namespace. KindNotFound.
func (db *DB) Namespace(ctx context.Context, name string) (core.Namespace, error) {
	t, err := db.tenant(ctx, name)
	return t.Namespace, err
}

// Namespaces lists all namespaces by name.
func (db *DB) Namespaces(ctx context.Context) ([]core.Namespace, error) {
	names, err := db.rdb.SMembers(ctx, namespacesKey).Result()
	if err != nil {
		return nil, core.Unavailable("list namespaces", err)
	}
	slices.Sort(names)
	pipe := db.rdb.Pipeline()
	cmds := make([]*redis.MapStringStringCmd, len(names))
	for i, name := range names {
		cmds[i] = pipe.HGetAll(ctx, namespaceKey(name))
	}
	if len(cmds) > 0 {
		if err := run(ctx, pipe, "list namespaces"); err != nil {
			return nil, err
		}
	}
	var namespaces []core.Namespace
	for i, cmd := range cmds {
		t, err := parseTenant(names[i], cmd.Val())
		if core.KindOf(err) == core.KindNotFound {
			continue // its creation was cut short
		}
		if err != nil {
			return nil, err
		}
		namespaces = append(namespaces, t.Namespace)
	}
	return namespaces, nil
}

// setNamespaceScript changes fields of a namespace that exists.
//
// KEYS: its hash. ARGV: fields, each with its value.
// Returns 1, or 0 when there is no such namespace.
var setNamespaceScript = redis.NewScript(`
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV))
return 1
`)

func (db *DB) setNamespace(ctx context.Context, name string, fields ...any) error {
	n, err := setNamespaceScript.Run(ctx, db.rdb, []string{namespaceKey(name)}, fields...).Int64()
	if err != nil {
		return core.Unavailable("change namespace", err)
	}
	if n == 0 {
		return core.Errorf(core.KindNotFound, "namespace %s does not exist", name)
	}
	return nil
}

// SetBlocked locks the namespace out, or in again: no key of a blocked one is
// accepted. KindNotFound.
func (db *DB) SetBlocked(ctx context.Context, name string, blocked bool) error {
	return db.setNamespace(ctx, name, "blocked", blocked)
}

// SetQuota replaces the namespace's quota. KindNotFound.
func (db *DB) SetQuota(ctx context.Context, name string, quota core.Quota) error {
	text, err := encode(quotaForm(quota))
	if err != nil {
		return err
	}
	return db.setNamespace(ctx, name, "quota", text)
}

// DeleteNamespace deletes the namespace with everything that it owns:
// entities, activations, counters and its key. It may be repeated when it was
// cut short. KindNotFound.
func (db *DB) DeleteNamespace(ctx context.Context, name string) error {
	t, err := db.tenant(ctx, name)
	if err != nil {
		return err
	}
	// Nobody gets in while it goes, and the hash goes last: until then the
	// name cannot be taken by somebody new.
	if err := db.SetBlocked(ctx, name, true); err != nil {
		return err
	}
	if err := db.rdb.Del(ctx, credentialKey(t.key)).Err(); err != nil {
		return core.Unavailable("delete namespace", err)
	}
	err = db.eachMaster(ctx, func(ctx context.Context, master redis.Cmdable) error {
		return unlinkAll(ctx, master, tagged(name)+"*")
	})
	if err != nil {
		return core.Unavailable("delete namespace", err)
	}
	err = errors.Join(db.rdb.Del(ctx, namespaceKey(name)).Err(), db.rdb.SRem(ctx, namespacesKey, name).Err(),
		db.rdb.ZRem(ctx, owingKey, name).Err())
	if err != nil {
		return core.Unavailable("delete namespace", err)
	}
	return nil
}
