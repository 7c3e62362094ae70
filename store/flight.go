package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
)

// Flight is an event of a feed whose end is awaited.
type Flight struct {
	ID core.ActivationID `json:"-"` // of the event
	// Doc is what it carries, in a form that is the source's own; sealed in Redis.
	Doc []byte `json:"-"`
	// Since is when the event was written.
	Since time.Time `json:"-"`
}

// flightForm is the stored form of a flight.
type flightForm struct {
	Since int64  `json:"since"` // milliseconds
	Doc   string `json:"doc"`
}

func (db *DB) encodeFlight(trigger core.Name, f Flight) (string, error) {
	text, err := json.Marshal(flightForm{f.Since.UnixMilli(), db.sealText(feedPlace(trigger), f.Doc)})
	return string(text), err
}

const (
	// takenLife is how long an entry is remembered after its stream was told.
	takenLife = 5 * time.Minute
	// feedLife is how long what a feed has under way outlives its last event.
	feedLife = 7 * 24 * time.Hour
	// maxRejects is how many entries that an action gave up are kept.
	maxRejects = 1000
)

// launchScript writes an event of entries that became none yet.
//
// KEYS: the stream of events, flights, taken entries.
// ARGV: most events that may wait, most flights, the event, its id, the
// flight, milliseconds of life, of life of told entries, the entries.
// Returns the entries that became events before, after which nothing was
// written; an empty list when it was written; 0 when there is no room.
var launchScript = redis.NewScript(luaNow + `
local known = {}
for i = 8, #ARGV do
	if redis.call('ZSCORE', KEYS[3], ARGV[i]) then known[#known + 1] = ARGV[i] end
end
if #known > 0 then return known end
if redis.call('XLEN', KEYS[1]) >= tonumber(ARGV[1]) or redis.call('HLEN', KEYS[2]) >= tonumber(ARGV[2]) then return 0 end
redis.call('XADD', KEYS[1], '*', 'event', ARGV[3])
redis.call('HSET', KEYS[2], ARGV[4], ARGV[5])
redis.call('PEXPIRE', KEYS[2], ARGV[6])
for i = 8, #ARGV do redis.call('ZADD', KEYS[3], 0, ARGV[i]) end
redis.call('ZREMRANGEBYSCORE', KEYS[3], '(0', string.format('%d', now - ARGV[7]))
redis.call('PEXPIRE', KEYS[3], ARGV[6])
return {}
`)

// Launch writes an event made of entries of a feed, and its flight. When some
// of the entries became events before, it writes nothing and returns those;
// with neither known nor ok there is no room: as many flights as most are
// under way, or too many events wait.
func (db *DB) Launch(ctx context.Context, e Event, f Flight, entries []string, most int) (known []string, ok bool, err error) {
	text, err := encodeEvent(e)
	if err != nil {
		return nil, false, err
	}
	flight, err := db.encodeFlight(e.Trigger, f)
	if err != nil {
		return nil, false, err
	}
	shard, full := shardOf(e.Trigger), e.Trigger.Full()
	args := []any{maxEvents, most, text, string(e.ID), flight, feedLife.Milliseconds(), takenLife.Milliseconds()}
	for _, id := range entries {
		args = append(args, id)
	}
	got, err := launchScript.Run(ctx, db.rdb, []string{eventsKey(shard), flightsKey(shard, full), takenKey(shard, full)}, args...).Result()
	if err != nil {
		return nil, false, unavailable(ctx, "launch event", err)
	}
	list, ok := got.([]any)
	for _, id := range list {
		text, _ := id.(string)
		known = append(known, text)
	}
	return known, ok && len(known) == 0, nil
}

// Told notes that the stream of a feed knows of the entries: they will not
// come again, and need to be remembered for minutes only.
func (db *DB) Told(ctx context.Context, trigger core.Name, entries []string, now time.Time) error {
	members := make([]redis.Z, len(entries))
	for i, id := range entries {
		members[i] = redis.Z{Score: float64(now.UnixMilli()), Member: id}
	}
	if err := db.rdb.ZAddXX(ctx, takenKey(shardOf(trigger), trigger.Full()), members...).Err(); err != nil {
		return unavailable(ctx, "note entries", err)
	}
	return nil
}

// Flights are the events of a feed whose end is awaited, in no order. One that
// cannot be opened has no Doc.
func (db *DB) Flights(ctx context.Context, trigger core.Name) ([]Flight, error) {
	all, err := db.rdb.HGetAll(ctx, flightsKey(shardOf(trigger), trigger.Full())).Result()
	if err != nil {
		return nil, unavailable(ctx, "read flights", err)
	}
	list := make([]Flight, 0, len(all))
	for id, text := range all {
		var form flightForm
		_ = json.Unmarshal([]byte(text), &form) // what cannot be read is as old as can be
		f := Flight{ID: core.ActivationID(id), Since: time.UnixMilli(form.Since)}
		if doc, err := db.openText(feedPlace(trigger), form.Doc); err == nil {
			f.Doc = doc
		}
		list = append(list, f)
	}
	return list, nil
}

// landScript ends a flight, with what follows from it, once.
//
// KEYS: flights, the stream of events, entries given up.
// ARGV: id, event that follows ("" for none), its id, its flight, most entries
// given up, milliseconds of life, the entries given up.
// Returns 1, or 0 when somebody else has ended it.
var landScript = redis.NewScript(`
if redis.call('HDEL', KEYS[1], ARGV[1]) == 0 then return 0 end
if ARGV[2] ~= '' then
	redis.call('XADD', KEYS[2], '*', 'event', ARGV[2])
	redis.call('HSET', KEYS[1], ARGV[3], ARGV[4])
	redis.call('PEXPIRE', KEYS[1], ARGV[6])
end
for i = 7, #ARGV do redis.call('LPUSH', KEYS[3], ARGV[i]) end
if #ARGV > 6 then
	redis.call('LTRIM', KEYS[3], 0, ARGV[5] - 1)
	redis.call('PEXPIRE', KEYS[3], ARGV[6])
end
return 1
`)

// Landing is what follows from the end of a flight.
type Landing struct {
	Trigger core.Name
	ID      core.ActivationID // of the event that ended
	// Next is the event that carries on, with its flight; nil for none.
	Next   *Event
	Flight Flight
	// Rejects are entries that are given up, in a form that is the source's own.
	Rejects [][]byte
}

// Land ends a flight and writes what follows: all, or nothing. It returns
// false when somebody else was first.
func (db *DB) Land(ctx context.Context, l Landing) (bool, error) {
	shard, full := shardOf(l.Trigger), l.Trigger.Full()
	args := []any{string(l.ID), "", "", "", maxRejects, feedLife.Milliseconds()}
	if l.Next != nil {
		text, err := encodeEvent(*l.Next)
		if err != nil {
			return false, err
		}
		flight, err := db.encodeFlight(l.Trigger, l.Flight)
		if err != nil {
			return false, err
		}
		args[1], args[2], args[3] = text, string(l.Next.ID), flight
	}
	for _, r := range l.Rejects {
		args = append(args, db.sealText(feedPlace(l.Trigger), r))
	}
	n, err := landScript.Run(ctx, db.rdb, []string{flightsKey(shard, full), eventsKey(shard), deadEntriesKey(shard, full)}, args...).Int64()
	if err != nil {
		return false, unavailable(ctx, "end flight", err)
	}
	return n == 1, nil
}

// Rejects are the entries of a feed that were given up, latest first.
func (db *DB) Rejects(ctx context.Context, trigger core.Name) ([][]byte, error) {
	texts, err := db.rdb.LRange(ctx, deadEntriesKey(shardOf(trigger), trigger.Full()), 0, -1).Result()
	if err != nil {
		return nil, unavailable(ctx, "read entries given up", err)
	}
	var list [][]byte
	for _, text := range texts {
		if doc, err := db.openText(feedPlace(trigger), text); err == nil {
			list = append(list, doc)
		}
	}
	return list, nil
}

// Reject keeps an entry of a feed that is given up before it became an event.
func (db *DB) Reject(ctx context.Context, trigger core.Name, doc []byte) error {
	key := deadEntriesKey(shardOf(trigger), trigger.Full())
	_, err := db.rdb.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
		pipe.LPush(ctx, key, db.sealText(feedPlace(trigger), doc))
		pipe.LTrim(ctx, key, 0, maxRejects-1)
		pipe.PExpire(ctx, key, feedLife)
		return nil
	})
	if err != nil {
		return unavailable(ctx, "keep entry given up", err)
	}
	return nil
}
