package store

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
)

// Schedule is a trigger that is to fire at a time.
type Schedule struct {
	Trigger core.Name
	// Doc is what the source keeps of it; its form is the source's.
	Doc string
	// Due is when it is to be looked at, in whole milliseconds.
	Due time.Time
}

// moveScheduleScript replaces the schedule of a trigger, and adds events to
// the stream, if the schedule is still the one that is expected.
//
// KEYS: schedules, due, the stream of events.
// ARGV: trigger, doc that is expected ("" for none, "*" for any), new doc (""
// for none), milliseconds of when it is due, most events, the new events.
// Returns 1, 0 when another schedule is there, -1 when the stream is full.
var moveScheduleScript = redis.NewScript(`
local is = redis.call('HGET', KEYS[1], ARGV[1]) or ''
if ARGV[2] ~= '*' and is ~= ARGV[2] then return 0 end
if #ARGV > 5 and redis.call('XLEN', KEYS[3]) >= tonumber(ARGV[5]) then return -1 end
for i = 6, #ARGV do redis.call('XADD', KEYS[3], '*', 'event', ARGV[i]) end
if ARGV[3] == '' then
	redis.call('HDEL', KEYS[1], ARGV[1])
	redis.call('ZREM', KEYS[2], ARGV[1])
else
	redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
	redis.call('ZADD', KEYS[2], ARGV[4], ARGV[1])
end
return 1
`)

func (db *DB) moveSchedule(ctx context.Context, doing, expect string, s Schedule, events []Event) (bool, error) {
	shard := shardOf(s.Trigger)
	args := []any{s.Trigger.Full(), expect, s.Doc, s.Due.UnixMilli(), maxEvents}
	for _, e := range events {
		text, err := encodeEvent(e)
		if err != nil {
			return false, err
		}
		args = append(args, text)
	}
	n, err := moveScheduleScript.Run(ctx, db.rdb, []string{schedulesKey(shard), dueKey(shard), eventsKey(shard)}, args...).Int64()
	switch {
	case err != nil:
		return false, unavailable(ctx, doing, err)
	case n < 0:
		return false, core.Errorf(core.KindUnavailable, "Too many events wait to be dispatched.")
	}
	return n == 1, nil
}

// PutSchedule writes the schedule of a trigger, whichever it had.
func (db *DB) PutSchedule(ctx context.Context, s Schedule) error {
	_, err := db.moveSchedule(ctx, "write schedule", "*", s, nil)
	return err
}

// MoveSchedule replaces a schedule and writes the events of the tick that it
// had, all or nothing. It does nothing, and returns false, when the trigger
// has another schedule by now: somebody else was first.
func (db *DB) MoveSchedule(ctx context.Context, from, to Schedule, events []Event) (bool, error) {
	return db.moveSchedule(ctx, "move schedule on", from.Doc, to, events)
}

// DropSchedule takes a trigger's schedule away, if there is one.
func (db *DB) DropSchedule(ctx context.Context, trigger core.Name) error {
	return db.PutSchedule(ctx, Schedule{Trigger: trigger, Due: time.UnixMilli(0)})
}

// Schedule returns the schedule of a trigger, without Due. ErrNotFound.
func (db *DB) Schedule(ctx context.Context, trigger core.Name) (Schedule, error) {
	doc, err := db.rdb.HGet(ctx, schedulesKey(shardOf(trigger)), trigger.Full()).Result()
	switch {
	case err == redis.Nil: //nolint:errorlint // go-redis returns it bare
		return Schedule{}, ErrNotFound
	case err != nil:
		return Schedule{}, unavailable(ctx, "read schedule", err)
	}
	return Schedule{Trigger: trigger, Doc: doc}, nil
}

// Due is what a shard has to do.
type Due struct {
	Now       time.Time  // by Redis' clock
	Schedules []Schedule // that are due, longest due first
	Coming    []Schedule // that are due next, without Doc, soonest first
}

// dueScript finds what is due by Redis' clock.
//
// KEYS: due, schedules.
// ARGV: most schedules that are due, most that are due next.
// Returns the milliseconds of now, then for each schedule its trigger, when it
// is due, and its doc, which is ” for those that are not due yet.
var dueScript = redis.NewScript(luaNow + `
local list = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'WITHSCORES', 'LIMIT', 0, ARGV[1])
local after = redis.call('ZRANGEBYSCORE', KEYS[1], string.format('(%d', now), '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[2])
local found = {string.format('%d', now)}
for i = 1, #list, 2 do
	found[#found + 1] = list[i]
	found[#found + 1] = string.format('%d', list[i + 1])
	found[#found + 1] = redis.call('HGET', KEYS[2], list[i]) or ''
end
for i = 1, #after, 2 do
	found[#found + 1] = after[i]
	found[#found + 1] = string.format('%d', after[i + 1])
	found[#found + 1] = ''
end
return found
`)

// DueSchedules returns at most count schedules of the shard that are due, and
// as many as coming of those that are due next.
func (db *DB) DueSchedules(ctx context.Context, shard, count, coming int) (due Due, err error) {
	name := strconv.Itoa(shard)
	got, err := dueScript.Run(ctx, db.rdb, []string{dueKey(name), schedulesKey(name)}, count, coming).StringSlice()
	if err != nil {
		return due, unavailable(ctx, "read due schedules", err)
	}
	at := func(i int) time.Time {
		ms, err := strconv.ParseInt(got[i], 10, 64)
		if err != nil || ms == 0 {
			return time.Time{}
		}
		return millis(ms)
	}
	due.Now = at(0)
	for i := 1; i+2 < len(got); i += 3 {
		namespace, local, _ := strings.Cut(got[i], "/")
		s := Schedule{Trigger: core.ParseLocal(namespace, local), Due: at(i + 1), Doc: got[i+2]}
		if s.Due.After(due.Now) {
			due.Coming = append(due.Coming, s)
		} else {
			due.Schedules = append(due.Schedules, s)
		}
	}
	return due, nil
}

// Now returns the time by Redis' clock.
func (db *DB) Now(ctx context.Context) (time.Time, error) {
	now, err := db.rdb.Time(ctx).Result()
	if err != nil {
		return now, unavailable(ctx, "ask for the time", err)
	}
	return now, nil
}
