package store

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
)

// takeOverScript gives a dispatcher the events that nobody has settled for
// long, its own included, and forgets dispatchers that have gone and left
// nothing behind.
//
// KEYS: the stream.
// ARGV: group, dispatcher, milliseconds without a word, most events, and
// milliseconds after which an idle dispatcher is forgotten.
// Returns for each its entry, its number of deliveries, and the event.
var takeOverScript = redis.NewScript(`
local taken = {}
local idle = redis.call('XPENDING', KEYS[1], ARGV[1], 'IDLE', ARGV[3], '-', '+', ARGV[4])
for _, p in ipairs(idle) do
	local got = redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], ARGV[3], p[1])
	if got[1] and got[1][2] then
		taken[#taken + 1] = {p[1], p[4] + 1, got[1][2][2]}
	end
end
for _, c in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
	local of = {}
	for i = 1, #c, 2 do of[c[i]] = c[i + 1] end
	if of.name ~= ARGV[2] and of.pending == 0 and of.idle > tonumber(ARGV[5]) then
		redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], of.name)
	end
end
return taken
`)

// forgetDispatcher is after how long an idle dispatcher is forgotten.
const forgetDispatcher = time.Hour

// TakeOverEvents gives the dispatcher at most count events of the shard that
// were delivered longer than idle ago and not settled since: those of a
// dispatcher that died, and those that did not work out.
func (db *DB) TakeOverEvents(ctx context.Context, shard int, dispatcher string, idle time.Duration, count int) ([]Delivery, error) {
	name := strconv.Itoa(shard)
	got, err := takeOverScript.Run(ctx, db.rdb, []string{eventsKey(name)},
		dispatchers, dispatcher, idle.Milliseconds(), count, forgetDispatcher.Milliseconds()).Slice()
	if err != nil {
		return nil, unavailable(ctx, "take over events", err)
	}
	var list []Delivery
	for _, one := range got {
		fields, ok := one.([]any)
		if !ok || len(fields) != 3 {
			continue
		}
		entry, _ := fields[0].(string)
		deliveries, _ := fields[1].(int64)
		text, _ := fields[2].(string)
		list = append(list, decodeEvent(name, entry, text, deliveries))
	}
	return list, nil
}

// DeadEvent is an event that could not be dispatched.
type DeadEvent struct {
	Event  string    `json:"event"`  // as it was written
	Reason string    `json:"reason"` // for people
	At     time.Time `json:"at"`
}

// BuryEvent takes the event out of its stream into the list of dead ones of
// its shard, of which the last 1,000 are kept.
func (db *DB) BuryEvent(ctx context.Context, d Delivery, reason string) error {
	body, err := json.Marshal(DeadEvent{Event: d.raw, Reason: reason, At: time.Now().UTC()})
	if err != nil {
		return err
	}
	_, err = db.rdb.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
		pipe.LPush(ctx, deadEventsKey(d.shard), body)
		pipe.LTrim(ctx, deadEventsKey(d.shard), 0, maxDeadEvents-1)
		pipe.XAck(ctx, eventsKey(d.shard), dispatchers, d.entry)
		pipe.XDel(ctx, eventsKey(d.shard), d.entry)
		return nil
	})
	if err != nil {
		return unavailable(ctx, "bury event", err)
	}
	return nil
}

// DeadEvents returns the last events of the trigger's shard that could not be
// dispatched, latest first. Those of other triggers are among them.
func (db *DB) DeadEvents(ctx context.Context, trigger core.Name, count int) ([]DeadEvent, error) {
	got, err := db.rdb.LRange(ctx, deadEventsKey(shardOf(trigger)), 0, int64(count)-1).Result()
	if err != nil {
		return nil, unavailable(ctx, "read dead events", err)
	}
	list := make([]DeadEvent, 0, len(got))
	for _, text := range got {
		var dead DeadEvent
		if err := json.Unmarshal([]byte(text), &dead); err != nil {
			dead = DeadEvent{Event: text, Reason: "unreadable"}
		}
		list = append(list, dead)
	}
	return list, nil
}

// WaitingEvents counts the events of all shards that are not settled.
func (db *DB) WaitingEvents(ctx context.Context) (int64, error) {
	var sum int64
	for shard := range EventShards {
		n, err := db.rdb.XLen(ctx, eventsKey(strconv.Itoa(shard))).Result()
		if err != nil {
			return 0, unavailable(ctx, "count events", err)
		}
		sum += n
	}
	return sum, nil
}
