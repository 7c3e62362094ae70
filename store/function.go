package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
)

// fieldReplicas is the field of a function's hash that says how many
// containers are wanted. It is beside the document, so that scaling changes
// no revision.
const fieldReplicas = "replicas"

// functionFields is the stored form of what makes an action a function. Its
// variables are sealed as parameters are, all in one.
type functionFields struct {
	Namespace    string            `json:"namespace"`
	EnvProcess   string            `json:"envProcess,omitempty"`
	EnvVars      map[string]string `json:"envVars,omitempty"`
	SealedVars   string            `json:"sealedVars,omitempty"`
	Labels       map[string]string `json:"labels,omitempty"`
	Annotations  map[string]string `json:"annotations,omitempty"`
	Secrets      []string          `json:"secrets,omitempty"`
	Constraints  []string          `json:"constraints,omitempty"`
	Limits       *resourcesForm    `json:"limits,omitempty"`
	Requests     *resourcesForm    `json:"requests,omitempty"`
	ReadOnlyRoot bool              `json:"readOnlyRoot,omitempty"`
	Created      int64             `json:"created"` // milliseconds
}

type resourcesForm struct {
	Memory string            `json:"memory,omitempty"`
	CPU    string            `json:"cpu,omitempty"`
	GPUs   map[string]string `json:"gpus,omitempty"`
}

func (db *DB) formFunction(a *core.Action) *functionFields {
	f := a.Function
	if f == nil {
		return nil
	}
	form := &functionFields{
		Namespace: f.Namespace, EnvProcess: f.EnvProcess, EnvVars: f.EnvVars, Labels: f.Labels, Annotations: f.Annotations,
		Secrets: f.Secrets, Constraints: f.Constraints, Limits: (*resourcesForm)(f.Limits), Requests: (*resourcesForm)(f.Requests),
		ReadOnlyRoot: f.ReadOnlyRoot, Created: f.Created.UnixMilli(),
	}
	if db.keys != nil && len(f.EnvVars) > 0 {
		text, _ := json.Marshal(f.EnvVars) // a map of strings always can
		form.EnvVars, form.SealedVars = nil, db.keys.Seal(text, varsPlace(a.Name))
	}
	return form
}

func (db *DB) openFunction(name core.Name, form *functionFields) (*core.Function, error) {
	if form == nil {
		return nil, nil //nolint:nilnil // no function is what nil means
	}
	if form.SealedVars != "" {
		text, err := db.keys.Open(form.SealedVars, varsPlace(name))
		if err != nil {
			return nil, fmt.Errorf("variables: %w", err)
		}
		if err := json.Unmarshal(text, &form.EnvVars); err != nil {
			return nil, fmt.Errorf("variables: %w", err)
		}
	}
	return &core.Function{
		Namespace: form.Namespace, EnvProcess: form.EnvProcess, EnvVars: form.EnvVars, Labels: form.Labels, Annotations: form.Annotations,
		Secrets: form.Secrets, Constraints: form.Constraints, Limits: (*core.Resources)(form.Limits), Requests: (*core.Resources)(form.Requests),
		ReadOnlyRoot: form.ReadOnlyRoot, Created: time.UnixMilli(form.Created).UTC(),
	}, nil
}

func varsPlace(name core.Name) string { return name.Full() + "\x00envVars" }

// Functions lists the functions of the namespace, latest first. limit 0 means
// all.
func (db *DB) Functions(ctx context.Context, namespace string, skip, limit int) ([]core.Action, error) {
	return list(ctx, db, namespace, functionsKey(namespace), core.TypeAction, skip, limit, db.action)
}

// setReplicasScript changes how many containers of a function are wanted.
//
// KEYS: its hash. ARGV: field, number.
// Returns the number that it replaces, or -1 when there is no such function.
var setReplicasScript = redis.NewScript(`
local was = redis.call('HGET', KEYS[1], ARGV[1])
if not was then return -1 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return tonumber(was)
`)

// SetReplicas sets how many containers of a function are wanted, and returns
// how many were before. ErrNotFound: there is no function of that name.
func (db *DB) SetReplicas(ctx context.Context, name core.Name, replicas int) (was int, err error) {
	was, err = setReplicasScript.Run(ctx, db.rdb, []string{entityKey(name.Namespace, name.Local())}, fieldReplicas, replicas).Int()
	if err != nil {
		return 0, unavailable(ctx, "scale function", err)
	}
	if was < 0 {
		return 0, ErrNotFound
	}
	return was, nil
}

// CountInvocations adds to the numbers of invocations of functions of the
// namespace, by local name. Those of functions that are no more stay until
// one of the name is deleted.
func (db *DB) CountInvocations(ctx context.Context, namespace string, more map[string]int) error {
	pipe := db.rdb.Pipeline()
	for local, n := range more {
		pipe.HIncrBy(ctx, invocationsKey(namespace), local, int64(n))
	}
	if len(more) == 0 {
		return nil
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return unavailable(ctx, "count invocations", err)
	}
	return nil
}

// Invocations returns how often each function of the namespace has been
// invoked, by local name; those never invoked are absent.
func (db *DB) Invocations(ctx context.Context, namespace string) (map[string]int, error) {
	texts, err := db.rdb.HGetAll(ctx, invocationsKey(namespace)).Result()
	if err != nil {
		return nil, unavailable(ctx, "read invocations", err)
	}
	counts := make(map[string]int, len(texts))
	for local, text := range texts {
		counts[local] = number(text)
	}
	return counts, nil
}
