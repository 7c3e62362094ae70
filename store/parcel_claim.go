package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
)

// Collection says what a sender takes of a namespace.
type Collection struct {
	Most  int           // deliveries
	Lease time.Duration // after which they may be taken by another
	// Lane is the most of any lane, and Free the most of some of them.
	Lane int
	Free map[string]int
}

// claimParcelsScript takes deliveries that are due.
//
// What is due to lanes without room is passed over, so that a receiver that
// is slow holds up its own callbacks only. When there is nothing else in
// sight, it is put off a little, and what lies behind it comes into view.
//
// KEYS[1] -> hearth:{ns}:deliveries:due
// ARGV[1] -> hearth:{ns}:
// ARGV[2], ARGV[3] -> most to take, lease in ms
// ARGV[4] -> most of a lane, ARGV[5] -> most of some lanes: "lane=most ..."
// Returns {taken, more, first, now}: id and hash of each; 1 when more are due;
// ms of the first that is to be attempted, -1 for none.
var claimParcelsScript = redis.NewScript(luaNow + fmt.Sprintf(`
local free, taken, more, seen = {}, {}, 0, %d
for lane, n in string.gmatch(ARGV[5], "(%%x+)=(%%d+)") do free[lane] = tonumber(n) end
local list = redis.call("ZRANGEBYSCORE", KEYS[1], "-inf", now, "LIMIT", 0, seen)
for _, m in ipairs(list) do
	local lane, id = string.match(m, "^(%%x+)/(.+)$")
	local n = free[lane] or tonumber(ARGV[4])
	local key = ARGV[1] .. "delivery:" .. (id or "")
	if redis.call("HGET", key, "st") ~= "pending" then
		redis.call("ZREM", KEYS[1], m)
	elseif n <= 0 or #taken >= tonumber(ARGV[2]) then
		more = 1
	else
		free[lane] = n - 1
		redis.call("HINCRBY", key, "claim", 1)
		redis.call("ZADD", KEYS[1], now + ARGV[3], m)
		taken[#taken + 1] = {id, redis.call("HGETALL", key)}
	end
	if #taken >= tonumber(ARGV[2]) and more == 1 then break end
end
if #taken == 0 and #list == seen then
	for _, m in ipairs(list) do redis.call("ZADD", KEYS[1], "XX", now + 200, m) end
end
local first = redis.call("ZRANGE", KEYS[1], 0, 0, "WITHSCORES")
return {taken, more, first[2] or "-1", tostring(now)}`, maxSeen))

// maxSeen is how many deliveries that are due one claim looks at.
const maxSeen = 500

// ClaimParcels takes deliveries of the namespace that are due. more says that
// others are due as well; next is how long it takes until the first of those
// that were left, or negative when there is none. Broken ones are dead at
// once.
func (db *DB) ClaimParcels(ctx context.Context, ns string, c Collection) (list []*Parcel, more bool, next time.Duration, err error) {
	free := make([]string, 0, len(c.Free))
	for lane, n := range c.Free {
		free = append(free, fmt.Sprintf("%s=%d", lane, max(n, 0)))
	}
	got, err := claimParcelsScript.Run(ctx, db.rdb, []string{dueDeliveriesKey(ns)},
		tagged(ns), c.Most, c.Lease.Milliseconds(), c.Lane, strings.Join(free, " ")).Slice()
	if err != nil || len(got) != 4 {
		return nil, false, 0, unavailable(ctx, "claim deliveries", err)
	}
	taken, _ := got[0].([]any)
	for _, one := range taken {
		pair, ok := one.([]any)
		if !ok || len(pair) != 2 {
			continue
		}
		id, _ := pair[0].(string)
		p, err := db.decodeParcel(ns, id, pairs(pair[1]))
		if err != nil {
			if err := db.SettleParcel(ctx, p, Settlement{State: core.DeliveryDead, Why: "It cannot be read."}); err != nil {
				return list, false, 0, err
			}
			continue
		}
		list = append(list, p)
	}
	first, now := milliseconds(got[2]), milliseconds(got[3])
	next = -1
	if first >= 0 {
		next = max(time.Duration(first-now)*time.Millisecond, 0)
	}
	return list, got[1] == int64(1), next, nil
}

// milliseconds reads a score as a script returns it.
func milliseconds(v any) int64 {
	text, _ := v.(string)
	var n float64
	if _, err := fmt.Sscan(text, &n); err != nil {
		return -1
	}
	return int64(n)
}

// Owing returns namespaces that it is time to look at, at most as many as
// asked for.
func (db *DB) Owing(ctx context.Context, most int) ([]string, error) {
	names, err := db.rdb.ZRangeByScore(ctx, owingKey, &redis.ZRangeBy{
		Min: "-inf", Max: fmt.Sprint(time.Now().UnixMilli()), Count: int64(most),
	}).Result()
	if err != nil {
		return nil, unavailable(ctx, "read who owes deliveries", err)
	}
	return names, nil
}

// LookAgain says after what time the namespace is to be looked at next.
func (db *DB) LookAgain(ctx context.Context, ns string, after time.Duration) error {
	at := time.Now().Add(after).UnixMilli()
	if err := db.rdb.ZAddXX(ctx, owingKey, redis.Z{Score: float64(at), Member: ns}).Err(); err != nil {
		return unavailable(ctx, "put off who owes deliveries", err)
	}
	return nil
}

// AwaitOwing waits until some namespace gets a delivery, no longer than wait,
// and returns which did.
func (db *DB) AwaitOwing(ctx context.Context, wait time.Duration) ([]string, error) {
	got, err := db.rdb.BLPop(ctx, wait, owingBellKey).Result()
	if err == redis.Nil { //nolint:errorlint // go-redis returns it bare
		return nil, nil
	}
	if err != nil || len(got) != 2 {
		return nil, unavailable(ctx, "await deliveries", err)
	}
	names := map[string]bool{got[1]: true}
	rest, err := db.rdb.LPopCount(ctx, owingBellKey, maxRings).Result()
	if err != nil && err != redis.Nil { //nolint:errorlint // as above
		return nil, unavailable(ctx, "await deliveries", err)
	}
	for _, name := range rest {
		names[name] = true
	}
	list := make([]string, 0, len(names))
	for name := range names {
		list = append(list, name)
	}
	return list, nil
}

// Clustered says that bells are not rung by those who end activations, so
// that who sends has to look often.
func (db *DB) Clustered() bool { return db.isCluster() }
