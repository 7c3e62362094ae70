package store

import (
	"context"
	"encoding/json"
	"hash/fnv"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
)

const (
	// EventShards is the number of streams that events are spread over, by
	// trigger. Changing it needs streams that are empty.
	EventShards = 4
	// maxEvents bounds the events of a shard that wait for a dispatcher.
	maxEvents = 100_000
	// maxDeadEvents is how many undeliverable events of a shard are kept.
	maxDeadEvents = 1000
	// dispatchers is the consumer group of the streams of events.
	dispatchers = "dispatch"
)

// Event is something that happened outside and shall fire a trigger.
type Event struct {
	Trigger core.Name `json:"-"`
	// Function says that Trigger is the name of a function, which is called.
	Function bool `json:"function,omitempty"`
	// ID is the id of the activation that the trigger will have: an event that
	// is written twice under one ID fires once.
	ID core.ActivationID `json:"id"`
	// Headers and Payload are JSON objects or nil, as of a fired trigger.
	Headers core.JSON `json:"headers,omitempty"`
	Payload core.JSON `json:"payload,omitempty"`
	// After, if set, is the ID of an earlier event of the trigger: when what
	// that one started has not ended yet, this one is dropped.
	After core.ActivationID `json:"after,omitempty"`
	// Then says what is done to the trigger when it has fired: "" nothing.
	Then   string `json:"then,omitempty"`
	Source string `json:"source"` // what made it, for people
	// Admitted says that it has been counted against the rate of fired triggers.
	Admitted bool `json:"admitted,omitempty"`
	// Server names the reply stream of an API server that waits for what the
	// rules of the trigger start; empty when nobody waits.
	Server string `json:"server,omitempty"`
}

// What can be done to a trigger when it has fired.
const (
	ThenDelete      = "delete"
	ThenDeleteRules = "rules" // delete it and its rules
)

// eventForm is the stored form of an event.
type eventForm struct {
	Namespace string `json:"namespace"`
	Name      string `json:"trigger"`
	Event
}

// Delivery is an event in the hands of a dispatcher.
type Delivery struct {
	Event
	// Deliveries counts them, this one included.
	Deliveries int64

	shard, entry string
	raw          string
	broken       bool
}

// Broken says that the event cannot be read.
func (d Delivery) Broken() bool { return d.broken }

// shardOf returns the shard of a trigger.
func shardOf(trigger core.Name) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(trigger.Full()))
	return strconv.Itoa(int(h.Sum32() % EventShards))
}

func encodeEvent(e Event) (string, error) {
	b, err := json.Marshal(eventForm{Namespace: e.Trigger.Namespace, Name: e.Trigger.Name, Event: e})
	return string(b), err
}

// appendEventScript adds an event unless too many wait.
//
// KEYS: the stream.
// ARGV: the event, the most that may wait.
// Returns 1, or 0 when there is no room.
var appendEventScript = redis.NewScript(`
if redis.call('XLEN', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('XADD', KEYS[1], '*', 'event', ARGV[1])
return 1
`)

// AppendEvent writes an event. When it returns nil, the event will be
// dispatched; KindUnavailable when Redis does not answer or too many wait.
func (db *DB) AppendEvent(ctx context.Context, e Event) error {
	text, err := encodeEvent(e)
	if err != nil {
		return err
	}
	n, err := appendEventScript.Run(ctx, db.rdb, []string{eventsKey(shardOf(e.Trigger))}, text, maxEvents).Int64()
	if err != nil {
		return unavailable(ctx, "append event", err)
	}
	if n == 0 {
		return core.Errorf(core.KindUnavailable, "Too many events wait to be dispatched.")
	}
	return nil
}

// OpenEvents makes the streams of events ready to be read. It must come first,
// and again after an error: Redis may have been emptied.
func (db *DB) OpenEvents(ctx context.Context) error {
	for shard := range EventShards {
		err := db.rdb.XGroupCreateMkStream(ctx, eventsKey(strconv.Itoa(shard)), dispatchers, "0").Err()
		if err != nil && !redis.HasErrorPrefix(err, "BUSYGROUP") {
			return unavailable(ctx, "make group of dispatchers", err)
		}
	}
	return nil
}

// NextEvents waits for new events of the shard, no longer than wait, and
// gives them to the dispatcher. Every one must be settled or buried;
// otherwise it is delivered again, by TakeOverEvents.
func (db *DB) NextEvents(ctx context.Context, shard int, dispatcher string, count int, wait time.Duration) ([]Delivery, error) {
	name := strconv.Itoa(shard)
	got, err := db.rdb.XReadGroup(ctx, &redis.XReadGroupArgs{
		Group: dispatchers, Consumer: dispatcher, Streams: []string{eventsKey(name), ">"}, Count: int64(count), Block: wait,
	}).Result()
	switch {
	case err == redis.Nil: //nolint:errorlint // go-redis returns it bare
		return nil, nil
	case err != nil:
		return nil, unavailable(ctx, "read events", err)
	}
	var list []Delivery
	for _, stream := range got {
		for _, m := range stream.Messages {
			text, _ := m.Values["event"].(string)
			list = append(list, decodeEvent(name, m.ID, text, 1))
		}
	}
	return list, nil
}

func decodeEvent(shard, entry, text string, deliveries int64) Delivery {
	d := Delivery{shard: shard, entry: entry, raw: text, Deliveries: deliveries}
	var form eventForm
	if json.Unmarshal([]byte(text), &form) != nil {
		d.broken = true
		return d
	}
	d.Event = form.Event
	d.Trigger = core.Name{Namespace: form.Namespace, Name: form.Name}
	d.broken = d.Trigger.Valid() != nil || d.ID == ""
	return d
}

// SettleEvent says that the event is dispatched. It is deleted: a stream
// holds what is not acknowledged, and nothing else.
func (db *DB) SettleEvent(ctx context.Context, d Delivery) error {
	_, err := db.rdb.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
		pipe.XAck(ctx, eventsKey(d.shard), dispatchers, d.entry)
		pipe.XDel(ctx, eventsKey(d.shard), d.entry)
		return nil
	})
	if err != nil {
		return unavailable(ctx, "settle event", err)
	}
	return nil
}
