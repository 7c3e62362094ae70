package store

import (
	"context"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
)

// Activation reads one record in whatever state. KindNotFound when there is
// none, or it ended and was not to be stored.
func (db *DB) Activation(ctx context.Context, ref core.Ref) (*Record, error) {
	h, err := db.rdb.HGetAll(ctx, activationKey(ref.Namespace, ref.ID)).Result()
	if err != nil {
		return nil, unavailable(ctx, "read activation", err)
	}
	if len(h) == 0 {
		return nil, ErrNotFound
	}
	return db.decodeRecord(ref, h)
}

// Selection selects visible records of a namespace.
type Selection struct {
	// Name is "name" or "package/name"; empty for all.
	Name string
	// Since and Upto bound the start, inclusive; zero for no bound.
	Since, Upto time.Time
	Skip, Limit int
	// Docs reads results and logs too.
	Docs bool
}

func (s Selection) key(namespace string) string {
	if s.Name != "" {
		return namedPrefix(namespace) + s.Name
	}
	return activationsKey(namespace)
}

func (s Selection) bounds() (low, high string) {
	low, high = "-inf", "+inf"
	if !s.Since.IsZero() {
		low = strconv.FormatInt(s.Since.UnixMilli(), 10)
	}
	if !s.Upto.IsZero() {
		high = strconv.FormatInt(s.Upto.UnixMilli(), 10)
	}
	return low, high
}

// Activations lists records, newest start first, in two round trips and in
// time of the page, however many there are. Records that expired since, and
// those that cannot be read, are left out: bad says how many could not.
func (db *DB) Activations(ctx context.Context, namespace string, s Selection) (list []core.Activation, bad int, err error) {
	low, high := s.bounds()
	ids, err := db.rdb.ZRevRangeByScore(ctx, s.key(namespace), &redis.ZRangeBy{
		Min: low, Max: high, Offset: int64(s.Skip), Count: int64(s.Limit),
	}).Result()
	if err != nil {
		return nil, 0, unavailable(ctx, "list activations", err)
	}
	records, bad, err := db.many(ctx, namespace, ids, s.Docs)
	if err != nil {
		return nil, 0, err
	}
	list = make([]core.Activation, 0, len(records))
	for _, r := range records {
		if r.Visible {
			list = append(list, r.Activation)
		}
	}
	return list, bad, nil
}

// many reads records in one round trip, in the order of ids; what is gone or
// unreadable is left out. Without docs, input, result and logs are missing.
func (db *DB) many(ctx context.Context, namespace string, ids []string, docs bool) (list []*Record, bad int, err error) {
	if len(ids) == 0 {
		return nil, 0, nil
	}
	names := []string{
		fieldDoc, fieldState, fieldAttempt, fieldWorker, fieldQueue, fieldAccepted, fieldClaimed, fieldDeadline,
		fieldMaxAge, fieldDue, fieldCancel, fieldLosses, fieldRetries, fieldSent, fieldWait, fieldKeep, fieldTurn, fieldOutcome, fieldVisible,
	}
	if docs {
		names = append(names, fieldResult, fieldLogs)
	}
	cmds := make([]*redis.SliceCmd, len(ids))
	pipe := db.rdb.Pipeline()
	for i, id := range ids {
		cmds[i] = pipe.HMGet(ctx, activationPrefix(namespace)+id, names...)
	}
	if _, err := pipe.Exec(ctx); err != nil && onlyTransport(cmds) {
		return nil, 0, unavailable(ctx, "read activations", err)
	}
	for i, cmd := range cmds {
		h := make(map[string]string, len(names))
		for j, v := range cmd.Val() {
			if s, ok := v.(string); ok {
				h[names[j]] = s
			}
		}
		if cmd.Err() == nil && len(h) == 0 {
			continue
		}
		r, err := db.decodeRecord(core.Ref{Namespace: namespace, ID: core.ActivationID(ids[i])}, h)
		if err != nil {
			bad++
			continue
		}
		list = append(list, r)
	}
	return list, bad, nil
}

// onlyTransport says whether no command got an answer of its own: a key of
// the wrong type is the trouble of one record, a lost connection of all.
func onlyTransport(cmds []*redis.SliceCmd) bool {
	for _, cmd := range cmds {
		if cmd.Err() == nil || redis.HasErrorPrefix(cmd.Err(), "WRONGTYPE") {
			return false
		}
	}
	return true
}

// CountActivations counts the records that Activations would list.
func (db *DB) CountActivations(ctx context.Context, namespace string, s Selection) (int, error) {
	low, high := s.bounds()
	n, err := db.rdb.ZCount(ctx, s.key(namespace), low, high).Result()
	if err != nil {
		return 0, unavailable(ctx, "count activations", err)
	}
	return int(n), nil
}
