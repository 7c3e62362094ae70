package store

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
)

// Settlement is what an attempt made of a delivery.
type Settlement struct {
	// State is done, dead, or pending for one more attempt.
	State core.DeliveryState
	After time.Duration // of the next attempt; negative leaves Tries as it is
	Why   string        // of a dead one
	// Attempt is added to the history, unless it is zero.
	Attempt core.Attempt
	Keep    time.Duration // of done and dead ones; 0 means 7 days
}

// keepDeliveries is how long deliveries that are over are kept by default,
// and mostDeliveries how many of a namespace may be there before those that
// are done go earlier.
const (
	keepDeliveries = 7 * 24 * time.Hour
	mostDeliveries = 10_000
)

// settleParcelScript writes what became of an attempt, once.
//
// KEYS[1] -> hearth:{ns}:delivery:<id>
// KEYS[2] -> hearth:{ns}:deliveries:due
// KEYS[3] -> hearth:{ns}:deliveries:dead
// KEYS[4] -> hearth:{ns}:deliveries
// ARGV[1] -> id, ARGV[2] -> lane, ARGV[3] -> claim
// ARGV[4] -> state, ARGV[5] -> ms to the next attempt
// ARGV[6] -> history, ARGV[7] -> tries, ARGV[8] -> why
// ARGV[9] -> life in ms of what is over, ARGV[10] -> hearth:{ns}:
// Returns 1, or 0 when another has claimed it since.
var settleParcelScript = redis.NewScript(luaNow + fmt.Sprintf(`
local s = redis.call("HMGET", KEYS[1], "st", "claim")
if s[1] ~= "pending" or s[2] ~= ARGV[3] then return 0 end
redis.call("HSET", KEYS[1], "hist", ARGV[6], "tries", ARGV[7])
if ARGV[4] == "pending" then
	redis.call("ZADD", KEYS[2], now + ARGV[5], ARGV[2] .. "/" .. ARGV[1])
	return 1
end
redis.call("HSET", KEYS[1], "st", ARGV[4], "over", now)
redis.call("ZREM", KEYS[2], ARGV[2] .. "/" .. ARGV[1])
redis.call("PEXPIRE", KEYS[1], ARGV[9])
if ARGV[4] == "dead" then
	redis.call("HSET", KEYS[1], "why", ARGV[8])
	redis.call("ZADD", KEYS[3], now, ARGV[1])
	redis.call("ZREMRANGEBYSCORE", KEYS[3], "-inf", "(" .. string.format("%%.0f", now - ARGV[9]))
else
	redis.call("HDEL", KEYS[1], "res", "pay")
end
local many = redis.call("ZCARD", KEYS[4]) > %d
for _, id in ipairs(redis.call("ZRANGE", KEYS[4], 0, 7)) do
	local key = ARGV[10] .. "delivery:" .. id
	local st = redis.call("HGET", key, "st")
	if not st or many and st == "done" then
		redis.call("DEL", key)
		redis.call("ZREM", KEYS[4], id)
	end
end
return 1`, mostDeliveries))

// SettleParcel writes what an attempt made of the delivery. KindConflict: its
// lease was over and another has claimed it, whose word counts.
func (db *DB) SettleParcel(ctx context.Context, p *Parcel, s Settlement) error {
	history := p.History
	if !s.Attempt.At.IsZero() {
		history = append(history, s.Attempt)
	}
	tries := p.Tries
	if s.After >= 0 && !s.Attempt.At.IsZero() {
		tries++
	}
	hist, err := encodeHistory(history)
	if err != nil {
		return fmt.Errorf("encode history: %w", err)
	}
	keep := s.Keep
	if keep <= 0 {
		keep = keepDeliveries
	}
	n, err := settleParcelScript.Run(ctx, db.rdb, deliveryKeys(p.Namespace, p.ID), p.ID, p.Lane, p.claim, string(s.State),
		max(s.After, 0).Milliseconds(), hist, tries, s.Why, keep.Milliseconds(), tagged(p.Namespace)).Int()
	if err != nil {
		return unavailable(ctx, "settle delivery", err)
	}
	if n == 0 {
		return core.Errorf(core.KindConflict, "The delivery has been taken away.")
	}
	if s.State == core.DeliveryPending {
		return db.LookBy(ctx, p.Namespace, max(s.After, 0))
	}
	return nil
}

func deliveryKeys(ns, id string) []string {
	return []string{deliveryKey(ns, id), dueDeliveriesKey(ns), deadDeliveriesKey(ns), deliveriesKey(ns)}
}

// lookByScript brings forward when a namespace is looked at.
//
// KEYS[1] -> hearth:owing
// ARGV[1] -> namespace, ARGV[2] -> ms
// Returns 1 if it changed something, else 0.
var lookByScript = redis.NewScript(`
local s = redis.call("ZSCORE", KEYS[1], ARGV[1])
if s and tonumber(s) <= tonumber(ARGV[2]) then return 0 end
redis.call("ZADD", KEYS[1], ARGV[2], ARGV[1])
return 1`)

// LookBy has the namespace looked at after that time, if not before.
func (db *DB) LookBy(ctx context.Context, ns string, after time.Duration) error {
	at := time.Now().Add(after).UnixMilli()
	if err := lookByScript.Run(ctx, db.rdb, []string{owingKey}, ns, at).Err(); err != nil {
		return unavailable(ctx, "note who owes deliveries", err)
	}
	return nil
}

// receiveScript writes a delivery that another namespace has made, once.
//
// KEYS[1] -> hearth:{ns}:delivery:<id>
// KEYS[2] -> hearth:{ns}:deliveries:due
// KEYS[3] -> hearth:{ns}:deliveries:dead
// KEYS[4] -> hearth:{ns}:deliveries
// ARGV[1] -> id, ARGV[2] -> lane, ARGV[3...] -> fields and values
// Returns 1, or 0 when it is there already.
var receiveScript = redis.NewScript(luaNow + `
if redis.call("EXISTS", KEYS[1]) == 1 then return 0 end
redis.call("HSET", KEYS[1], unpack(ARGV, 3))
redis.call("ZADD", KEYS[2], now, ARGV[2] .. "/" .. ARGV[1])
redis.call("ZADD", KEYS[4], now, ARGV[1])
return 1`)

// HandOver gives the delivery to the namespace that it belongs to, whose
// list, secret and rights it is to have, and drops it here. When it is broken
// off between the two, it is repeated, without harm.
func (db *DB) HandOver(ctx context.Context, p *Parcel) error {
	to := p.Callback.Owner
	args := []any{p.ID, p.Lane, fieldFrom, p.Namespace}
	for field, value := range p.raw {
		if field != fieldNumber && field != fieldFrom {
			args = append(args, field, value)
		}
	}
	if err := db.LookBy(ctx, to, 0); err != nil {
		return err
	}
	if err := receiveScript.Run(ctx, db.rdb, deliveryKeys(to, p.ID), args...).Err(); err != nil {
		return unavailable(ctx, "hand over delivery", err)
	}
	if err := db.ring(ctx, to); err != nil {
		return err
	}
	return db.PurgeDelivery(ctx, p.Namespace, p.ID)
}

// ring wakes those who send.
func (db *DB) ring(ctx context.Context, ns string) error {
	_, err := db.rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		pipe.LPush(ctx, owingBellKey, ns)
		pipe.LTrim(ctx, owingBellKey, 0, maxRings-1)
		return nil
	})
	if err != nil {
		return unavailable(ctx, "announce delivery", err)
	}
	return nil
}
