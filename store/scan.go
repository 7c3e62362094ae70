package store

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// batch is how many keys one step of a scan looks at.
const batch = 1000

// eachMaster calls do with every server that holds keys, the one or those of
// a cluster; then at the same time.
func (db *DB) eachMaster(ctx context.Context, do func(ctx context.Context, master redis.Cmdable) error) error {
	if cluster, ok := db.rdb.(*redis.ClusterClient); ok {
		return cluster.ForEachMaster(ctx, func(ctx context.Context, master *redis.Client) error { return do(ctx, master) })
	}
	return do(ctx, db.rdb)
}

// scan calls each with the keys of one server that match, some at a time; a
// key may come twice.
func scan(ctx context.Context, master redis.Cmdable, match string, each func(keys []string) error) error {
	for cursor := uint64(0); ; {
		keys, next, err := master.Scan(ctx, cursor, match, batch).Result()
		if err != nil {
			return err
		}
		if len(keys) > 0 {
			if err := each(keys); err != nil {
				return err
			}
		}
		if next == 0 {
			return nil
		}
		cursor = next
	}
}

// unlinkAll deletes the keys of one server that match. Those of one hash tag
// are in one slot, so one command deletes many.
func unlinkAll(ctx context.Context, master redis.Cmdable, match string) error {
	return scan(ctx, master, match, func(keys []string) error {
		return master.Unlink(ctx, keys...).Err()
	})
}
