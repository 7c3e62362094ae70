package store

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
)

// expectedLife is how long expected calls are kept without a new one.
const expectedLife = time.Hour

// Expectation is a call that is known to come.
type Expectation struct {
	Namespace string // that will call
	Action    core.Name
}

func (e Expectation) member() string { return e.Namespace + " " + e.Action.Full() }

// Expect notes that calls will come, at the latest by then. It is advice for
// workers: one note too much costs a warm container, one that is lost a cold
// start.
func (db *DB) Expect(ctx context.Context, until time.Time, calls ...Expectation) error {
	if len(calls) == 0 {
		return nil
	}
	members := make([]redis.Z, 0, len(calls))
	for _, call := range calls {
		members = append(members, redis.Z{Score: float64(until.UnixMilli()), Member: call.member()})
	}
	pipe := db.rdb.Pipeline()
	pipe.ZAddGT(ctx, expectedKey, members...)
	pipe.Expire(ctx, expectedKey, expectedLife)
	if _, err := pipe.Exec(ctx); err != nil {
		return unavailable(ctx, "note expected calls", err)
	}
	return nil
}

// Expected returns the calls that may come yet, in no order, and forgets those
// that should have come by now.
func (db *DB) Expected(ctx context.Context, now time.Time) ([]Expectation, error) {
	pipe := db.rdb.Pipeline()
	pipe.ZRemRangeByScore(ctx, expectedKey, "-inf", "("+strconv.FormatInt(now.UnixMilli(), 10))
	all := pipe.ZRange(ctx, expectedKey, 0, -1)
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, unavailable(ctx, "read expected calls", err)
	}
	var calls []Expectation
	for _, member := range all.Val() {
		namespace, action, _ := strings.Cut(member, " ")
		if in, local, ok := strings.Cut(action, "/"); ok {
			calls = append(calls, Expectation{Namespace: namespace, Action: core.ParseLocal(in, local)})
		}
	}
	return calls, nil
}
