package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
)

// Hook is what is kept of a trigger's webhook beside its annotation: the
// secrets, in a form that is the source's own.
type Hook struct {
	// Doc is sealed in Redis, where there are keys.
	Doc []byte

	stored string // as it lies in Redis; "" for none
}

// Hook reads the webhook of a trigger. ErrNotFound.
func (db *DB) Hook(ctx context.Context, trigger core.Name) (Hook, error) {
	stored, err := db.rdb.Get(ctx, hookKey(trigger.Namespace, trigger.Name)).Result()
	switch {
	case err == redis.Nil: //nolint:errorlint // go-redis returns it bare
		return Hook{}, ErrNotFound
	case err != nil:
		return Hook{}, unavailable(ctx, "read webhook", err)
	}
	doc, err := db.openText(hookPlace(trigger), stored)
	if err != nil {
		return Hook{}, fmt.Errorf("webhook of %s: %w", trigger.Full(), err)
	}
	return Hook{Doc: doc, stored: stored}, nil
}

// putHookScript replaces the webhook of a trigger if it is still the one that
// is expected.
//
// KEYS: the webhook.
// ARGV: what is expected, "" for none; the new one.
// Returns 1, or 0 when another is there.
var putHookScript = redis.NewScript(`
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
return 1
`)

// PutHook writes the webhook of a trigger in the place of old, the zero value
// for none. ErrChanged when another is there.
func (db *DB) PutHook(ctx context.Context, trigger core.Name, old Hook, doc []byte) error {
	stored := db.sealText(hookPlace(trigger), doc)
	n, err := putHookScript.Run(ctx, db.rdb, []string{hookKey(trigger.Namespace, trigger.Name)}, old.stored, stored).Int64()
	switch {
	case err != nil:
		return unavailable(ctx, "write webhook", err)
	case n == 0:
		return ErrChanged
	}
	return nil
}

// DropHook takes the webhook of a trigger away with the record of its
// deliveries, if there is one.
func (db *DB) DropHook(ctx context.Context, trigger core.Name) error {
	if err := db.rdb.Unlink(ctx, hookKey(trigger.Namespace, trigger.Name)).Err(); err != nil {
		return unavailable(ctx, "drop webhook", err)
	}
	shard, name := shardOf(trigger), trigger.Full()
	if err := db.rdb.Unlink(ctx, receiptsKey(shard, name), refusalsKey(shard, name)).Err(); err != nil {
		return unavailable(ctx, "drop deliveries of webhook", err)
	}
	return nil
}

func hookPlace(trigger core.Name) string { return "webhook\x00" + trigger.Full() }

// sealText returns what is stored for a text that lies at place.
func (db *DB) sealText(place string, text []byte) string {
	if db.keys == nil {
		return string(text)
	}
	return sealedField + db.keys.Seal(text, place)
}

// openText is the reverse of sealText.
func (db *DB) openText(place, stored string) ([]byte, error) {
	sealed, ok := strings.CutPrefix(stored, sealedField)
	if !ok {
		return []byte(stored), nil
	}
	return db.keys.Open(sealed, place)
}
