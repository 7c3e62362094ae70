package store

import (
	"context"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
)

// Deliveries lists deliveries of the namespace without result and payload:
// those in a state, or, with none, all. Pending ones come in the order of
// their next attempt, others latest first.
func (db *DB) Deliveries(ctx context.Context, ns string, state core.DeliveryState, skip, limit int) ([]core.Delivery, error) {
	first, last := int64(skip), int64(skip+limit-1)
	var cmd *redis.StringSliceCmd
	switch state {
	case core.DeliveryPending:
		cmd = db.rdb.ZRange(ctx, dueDeliveriesKey(ns), first, last)
	case core.DeliveryDead:
		cmd = db.rdb.ZRevRange(ctx, deadDeliveriesKey(ns), first, last)
	default:
		cmd = db.rdb.ZRevRange(ctx, deliveriesKey(ns), first, last)
	}
	ids, err := cmd.Result()
	if err != nil {
		return nil, unavailable(ctx, "list deliveries", err)
	}
	pipe := db.rdb.Pipeline()
	cmds := make([]*redis.SliceCmd, len(ids))
	for i, id := range ids {
		if _, after, ok := strings.Cut(id, "/"); ok { // with its lane
			ids[i] = after
		}
		cmds[i] = pipe.HMGet(ctx, deliveryKey(ns, ids[i]), listedFields()...)
	}
	if len(ids) == 0 {
		return nil, nil
	}
	if _, err := pipe.Exec(ctx); err != nil && onlyTransport(cmds) {
		return nil, unavailable(ctx, "read deliveries", err)
	}
	var list []core.Delivery
	for i, cmd := range cmds {
		h := map[string]string{}
		for j, v := range cmd.Val() {
			if s, ok := v.(string); ok {
				h[listedFields()[j]] = s
			}
		}
		if p, err := db.decodeParcel(ns, ids[i], h); err == nil {
			list = append(list, p.Delivery)
		}
	}
	return list, nil
}

func listedFields() []string {
	return []string{
		fieldState, fieldDoc, fieldAccepted, fieldOutcome, fieldAsk, fieldFrom, fieldMade, fieldSince,
		fieldTries, fieldHist, fieldOver, fieldWhy, fieldLane,
	}
}

// Delivery reads one delivery. KindNotFound.
func (db *DB) Delivery(ctx context.Context, ns, id string) (*core.Delivery, error) {
	h, err := db.rdb.HGetAll(ctx, deliveryKey(ns, id)).Result()
	if err != nil {
		return nil, unavailable(ctx, "read delivery", err)
	}
	if len(h) == 0 {
		return nil, noDelivery()
	}
	p, err := db.decodeParcel(ns, id, h)
	if err != nil {
		return nil, err
	}
	return &p.Delivery, nil
}

func noDelivery() error {
	return core.Errorf(core.KindNotFound, "The requested resource does not exist.")
}

// redriveScript makes a dead delivery pending again.
//
// KEYS[1] -> hearth:{ns}:delivery:<id>
// KEYS[2] -> hearth:{ns}:deliveries:due
// KEYS[3] -> hearth:{ns}:deliveries:dead
// KEYS[4] -> hearth:{ns}:deliveries
// ARGV[1] -> id
// Returns 1, 0 when it is not dead, -1 when there is none.
var redriveScript = redis.NewScript(luaNow + `
local s = redis.call("HMGET", KEYS[1], "st", "lane")
if not s[1] then return -1 end
if s[1] ~= "dead" then return 0 end
redis.call("HSET", KEYS[1], "st", "pending", "since", now, "tries", 0)
redis.call("HDEL", KEYS[1], "over", "why")
redis.call("PERSIST", KEYS[1])
redis.call("ZREM", KEYS[3], ARGV[1])
redis.call("ZADD", KEYS[2], now, s[2] .. "/" .. ARGV[1])
redis.call("ZADD", KEYS[4], "NX", now, ARGV[1])
return 1`)

// Redrive has a dead delivery attempted again, as if it were new. KindConflict
// when it is not dead, KindNotFound.
func (db *DB) Redrive(ctx context.Context, ns, id string) error {
	if err := db.LookBy(ctx, ns, 0); err != nil {
		return err
	}
	n, err := redriveScript.Run(ctx, db.rdb, deliveryKeys(ns, id), id).Int()
	switch {
	case err != nil:
		return unavailable(ctx, "redrive delivery", err)
	case n < 0:
		return noDelivery()
	case n == 0:
		return core.Errorf(core.KindConflict, "The callback was not given up.")
	}
	return db.ring(ctx, ns)
}

// PurgeDelivery deletes a delivery, in whatever state. KindNotFound.
func (db *DB) PurgeDelivery(ctx context.Context, ns, id string) error {
	lane, err := db.rdb.HGet(ctx, deliveryKey(ns, id), fieldLane).Result()
	if err != nil && err != redis.Nil { //nolint:errorlint // go-redis returns it bare
		return unavailable(ctx, "purge delivery", err)
	}
	gone := err != nil
	_, err = db.rdb.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
		pipe.Del(ctx, deliveryKey(ns, id))
		pipe.ZRem(ctx, dueDeliveriesKey(ns), lane+"/"+id)
		pipe.ZRem(ctx, deadDeliveriesKey(ns), id)
		pipe.ZRem(ctx, deliveriesKey(ns), id)
		return nil
	})
	switch {
	case err != nil:
		return unavailable(ctx, "purge delivery", err)
	case gone:
		return noDelivery()
	}
	return nil
}

// DeadDeliveries returns the ids of the deliveries that were given up.
func (db *DB) DeadDeliveries(ctx context.Context, ns string) ([]string, error) {
	ids, err := db.rdb.ZRange(ctx, deadDeliveriesKey(ns), 0, -1).Result()
	if err != nil {
		return nil, unavailable(ctx, "list deliveries", err)
	}
	return ids, nil
}

// PendingDeliveries counts those of a namespace that are to be attempted.
func (db *DB) PendingDeliveries(ctx context.Context, ns string) (int, error) {
	n, err := db.rdb.ZCard(ctx, dueDeliveriesKey(ns)).Result()
	if err != nil {
		return 0, unavailable(ctx, "count deliveries", err)
	}
	return int(n), nil
}

// DeliveryCounts are numbers of deliveries.
type DeliveryCounts struct {
	Pending, Dead int
	// Late is for how long the first pending one has been due.
	Late time.Duration
}

// CountDeliveries counts those of each namespace that may have any.
func (db *DB) CountDeliveries(ctx context.Context) (map[string]DeliveryCounts, error) {
	names, err := db.rdb.ZRange(ctx, owingKey, 0, -1).Result()
	if err != nil {
		return nil, unavailable(ctx, "count deliveries", err)
	}
	all := make(map[string]DeliveryCounts, len(names))
	for _, ns := range names {
		var pending, dead *redis.IntCmd
		var first *redis.ZSliceCmd
		_, err := db.rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
			pending, dead = pipe.ZCard(ctx, dueDeliveriesKey(ns)), pipe.ZCard(ctx, deadDeliveriesKey(ns))
			first = pipe.ZRangeWithScores(ctx, dueDeliveriesKey(ns), 0, 0)
			return nil
		})
		if err != nil {
			return nil, unavailable(ctx, "count deliveries", err)
		}
		c := DeliveryCounts{Pending: int(pending.Val()), Dead: int(dead.Val())}
		if z := first.Val(); len(z) > 0 {
			c.Late = max(time.Since(time.UnixMilli(int64(z[0].Score))), 0)
		}
		all[ns] = c
	}
	return all, nil
}
