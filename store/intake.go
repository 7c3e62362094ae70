package store

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
)

// Intake is a delivery from outside on its way to become events.
type Intake struct {
	// Events are all of one trigger, at least one. The ID of the first stands
	// for the delivery.
	Events []Event
	// Marks are what the delivery is known by: another that has one of them is
	// the same. None means that every delivery is a new one.
	Marks []string
	// Window is how long marks are remembered.
	Window time.Duration
	// Receipt is the record of the delivery; its Activation is set here.
	Receipt Receipt
}

// takeInScript writes the events of a delivery, what it is known by and its
// receipt: all, or nothing.
//
// KEYS: the stream, the receipts, a string for each mark.
// ARGV: most events that may wait, id, milliseconds that marks live, receipt,
// most receipts, milliseconds that they live, the events.
// Returns 1; 0 when there is no room; or the id of the delivery that came
// with one of the marks before.
var takeInScript = redis.NewScript(`
for i = 3, #KEYS do
	local known = redis.call('GET', KEYS[i])
	if known then return known end
end
if redis.call('XLEN', KEYS[1]) >= tonumber(ARGV[1]) then return 0 end
for i = 3, #KEYS do redis.call('SET', KEYS[i], ARGV[2], 'PX', ARGV[3]) end
redis.call('LPUSH', KEYS[2], ARGV[4])
redis.call('LTRIM', KEYS[2], 0, ARGV[5] - 1)
redis.call('PEXPIRE', KEYS[2], ARGV[6])
for i = 7, #ARGV do redis.call('XADD', KEYS[1], '*', 'event', ARGV[i]) end
return 1
`)

// TakeIn writes the events of a delivery unless it came before: then it
// returns the id of the event that it was, and writes nothing. When it returns
// nil, the events will be dispatched; KindUnavailable when Redis does not
// answer or too many wait.
func (db *DB) TakeIn(ctx context.Context, in Intake) (before core.ActivationID, err error) {
	first := in.Events[0]
	in.Receipt.Activation = first.ID
	receipt, err := db.encodeReceipt(first.Trigger, in.Receipt)
	if err != nil {
		return "", err
	}
	shard := shardOf(first.Trigger)
	keys := []string{eventsKey(shard), receiptsKey(shard, first.Trigger.Full())}
	for _, mark := range in.Marks {
		sum := sha256.Sum256([]byte(first.Trigger.Full() + "\x00" + mark))
		keys = append(keys, seenPrefix(shard)+base64.RawURLEncoding.EncodeToString(sum[:]))
	}
	args := []any{maxEvents, string(first.ID), in.Window.Milliseconds(), receipt, maxReceipts, receiptLife.Milliseconds()}
	for _, e := range in.Events {
		text, err := encodeEvent(e)
		if err != nil {
			return "", err
		}
		args = append(args, text)
	}
	got, err := takeInScript.Run(ctx, db.rdb, keys, args...).Result()
	switch got := got.(type) {
	case string:
		return core.ActivationID(got), nil
	case int64:
		if got == 1 {
			return "", nil
		}
		return "", core.Errorf(core.KindUnavailable, "Too many events wait to be dispatched.")
	}
	return "", unavailable(ctx, "take in delivery", err)
}
