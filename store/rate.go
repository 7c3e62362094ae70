package store

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
)

// Admission is the answer to Admit.
type Admission struct {
	// Rate is the number of calls in this minute, this one included.
	Rate int
	// InFlight is the number of activations that are queued and due, or running; only
	// counted when Admit was asked to, and the rate allowed the call.
	InFlight int
	// Next is how long the minute lasts.
	Next time.Duration
}

// admitScript counts a call in the wall-clock minute of Redis, and the
// activations in flight.
//
// KEYS: prefix of the counters, which has the hash tag; the queued and the
// running activations of the namespace, to count them.
// ARGV: how many calls a minute may have.
// Returns the calls of this minute, the activations in flight, and the
// milliseconds that are left of the minute.
var admitScript = redis.NewScript(`
local t = redis.call('TIME')
local key = string.format('%s%d', KEYS[1], math.floor(t[1] / 60))
local calls = redis.call('INCR', key)
if calls == 1 then redis.call('EXPIRE', key, 120) end
local flying = 0
if KEYS[2] and calls <= tonumber(ARGV[1]) then
	local now = t[1] * 1000 + math.ceil(t[2] / 1000)
	flying = redis.call('ZCOUNT', KEYS[2], '-inf', now) + redis.call('ZCARD', KEYS[3])
end
return {calls, flying, 60000 - (t[1] % 60) * 1000 - math.floor(t[2] / 1000)}
`)

// Admit counts one call of a rate ("invoke" or "fire") against the namespace,
// also one over the limit of perMinute; with inFlight it counts the
// activations in flight as well. It takes one round trip.
func (db *DB) Admit(ctx context.Context, namespace, rate string, perMinute int, inFlight bool) (Admission, error) {
	cmd := admitScript.Run(ctx, db.rdb, admitKeys(namespace, rate, inFlight), perMinute)
	return admission(cmd)
}

// AdmitLookup is Admit with inFlight, and Lookup, in one round trip.
func (db *DB) AdmitLookup(ctx context.Context, namespace, rate string, perMinute int, name core.Name) (Admission, Lookup, error) {
	var cmd *redis.Cmd
	var reads sought
	err := db.pipelined(ctx, []Addition{func(pipe redis.Pipeliner) error {
		cmd = admitScript.Eval(ctx, pipe, admitKeys(namespace, rate, true), perMinute)
		reads = seek(ctx, pipe, name, false)
		return nil
	}})
	if err != nil {
		return Admission{}, Lookup{}, core.Unavailable("count call and read action", err)
	}
	a, err := admission(cmd)
	return a, db.found(reads), err
}

func admitKeys(namespace, rate string, inFlight bool) []string {
	keys := []string{ratePrefix(namespace, rate)}
	if inFlight {
		keys = append(keys, queuedKey(namespace), runningKey(namespace))
	}
	return keys
}

func admission(cmd *redis.Cmd) (Admission, error) {
	n, err := cmd.Int64Slice()
	if err != nil {
		return Admission{}, core.Unavailable("count call", err)
	}
	return Admission{Rate: int(n[0]), InFlight: int(n[1]), Next: time.Duration(n[2]) * time.Millisecond}, nil
}
