package store

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
)

// openSecret begins a stored value that is not sealed, so that no value looks
// like one that is.
const openSecret = "open:"

// SecretMode says what a write of a secret expects to find.
type SecretMode string

// The modes.
const (
	CreateSecret SecretMode = "create" // nothing: KindConflict otherwise
	UpdateSecret SecretMode = "update" // the secret: KindNotFound otherwise
)

// putSecretScript writes a secret.
//
// KEYS: the hash of secrets. ARGV: name, value, mode.
// Returns 1, or 0 when it is there and must not be, or the reverse.
var putSecretScript = redis.NewScript(`
local there = redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1
if there ~= (ARGV[3] == 'update') then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1
`)

// PutSecret writes a secret of the namespace, sealed where there is a key.
func (db *DB) PutSecret(ctx context.Context, namespace, name string, value []byte, mode SecretMode) error {
	stored := append([]byte(openSecret), value...)
	if db.keys != nil {
		stored = []byte(sealedField + db.keys.Seal(value, secretPlace(namespace, name)))
	}
	done, err := putSecretScript.Run(ctx, db.rdb, []string{secretsKey(namespace)}, name, stored, string(mode)).Int()
	switch {
	case err != nil:
		return unavailable(ctx, "write secret", err)
	case done == 1:
		return nil
	case mode == CreateSecret:
		return core.Errorf(core.KindConflict, "secret %s exists already", name)
	}
	return noSecret(name)
}

// DeleteSecret deletes a secret. KindNotFound.
func (db *DB) DeleteSecret(ctx context.Context, namespace, name string) error {
	n, err := db.rdb.HDel(ctx, secretsKey(namespace), name).Result()
	if err != nil {
		return unavailable(ctx, "delete secret", err)
	}
	if n == 0 {
		return noSecret(name)
	}
	return nil
}

// SecretNames returns the names of the secrets of a namespace, sorted.
func (db *DB) SecretNames(ctx context.Context, namespace string) ([]string, error) {
	names, err := db.rdb.HKeys(ctx, secretsKey(namespace)).Result()
	if err != nil {
		return nil, unavailable(ctx, "list secrets", err)
	}
	slices.Sort(names)
	return names, nil
}

// Secrets returns the values of secrets by name; those that are not there are
// absent.
func (db *DB) Secrets(ctx context.Context, namespace string, names []string) (map[string][]byte, error) {
	if len(names) == 0 {
		return nil, nil
	}
	stored, err := db.rdb.HMGet(ctx, secretsKey(namespace), names...).Result()
	if err != nil {
		return nil, unavailable(ctx, "read secrets", err)
	}
	values := make(map[string][]byte, len(names))
	for i, v := range stored {
		text, ok := v.(string)
		if !ok {
			continue
		}
		value, err := db.openSecret(namespace, names[i], text)
		if err != nil {
			return nil, err
		}
		values[names[i]] = value
	}
	return values, nil
}

func (db *DB) openSecret(namespace, name, stored string) ([]byte, error) {
	if value, ok := strings.CutPrefix(stored, openSecret); ok {
		return []byte(value), nil
	}
	value, err := db.keys.Open(strings.TrimPrefix(stored, sealedField), secretPlace(namespace, name))
	if err != nil {
		return nil, fmt.Errorf("secret %s of namespace %s: %w", name, namespace, err)
	}
	return value, nil
}

func secretPlace(namespace, name string) string { return secretsKey(namespace) + "\x00" + name }

func noSecret(name string) error {
	return core.Errorf(core.KindNotFound, "secret %s does not exist", name)
}
