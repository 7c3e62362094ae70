package store

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
)

const (
	// maxLog is how many lines of a function are kept, about.
	maxLog = 10_000
	// logLife is how long they are kept after the last.
	logLife = 24 * time.Hour
	// logPage is how many lines one read takes.
	logPage = 1000
)

// FunctionLine is a line that a container of a function printed.
type FunctionLine struct {
	Function core.Name
	Instance string // the container
	At       time.Time
	Text     string // without the line break
}

// AppendFunctionLog writes lines to the logs of their functions, in one round
// trip.
func (db *DB) AppendFunctionLog(ctx context.Context, lines []FunctionLine) error {
	if len(lines) == 0 {
		return nil
	}
	pipe := db.rdb.Pipeline()
	seen := map[string]bool{}
	for _, l := range lines {
		key := functionLogKey(l.Function.Namespace, l.Function.Local())
		seen[key] = true
		pipe.XAdd(ctx, &redis.XAddArgs{
			Stream: key, MaxLen: maxLog, Approx: true, Values: []any{"i", l.Instance, "t", l.At.UnixNano(), "l", l.Text},
		})
	}
	for key := range seen {
		pipe.Expire(ctx, key, logLife)
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return unavailable(ctx, "write log of a function", err)
	}
	return nil
}

// FunctionLog reads the next lines of a function's log after a position, "" for
// the first that are not older than since, and the position after them. No
// lines: there are no more for now.
func (db *DB) FunctionLog(ctx context.Context, name core.Name, after string, since time.Time) ([]FunctionLine, string, error) {
	from := "(" + after
	if after == "" {
		from = strconv.FormatInt(max(0, since.UnixMilli()), 10) // a line is written after it was printed
	}
	entries, err := db.rdb.XRangeN(ctx, functionLogKey(name.Namespace, name.Local()), from, "+", logPage).Result()
	if err != nil {
		return nil, after, unavailable(ctx, "read log of a function", err)
	}
	lines := make([]FunctionLine, 0, len(entries))
	for _, e := range entries {
		lines = append(lines, functionLine(name, e))
		after = e.ID
	}
	return lines, after, nil
}

// FunctionLogTail reads the last lines of a function's log, no more than n, of
// one container where instance is not empty, none older than since; and the
// position after them for FunctionLog, which is "" when there is no log.
func (db *DB) FunctionLogTail(ctx context.Context, name core.Name, instance string, n int, since time.Time) ([]FunctionLine, string, error) {
	var lines []FunctionLine
	last, to := "", "+"
	oldest := strconv.FormatInt(max(0, since.UnixMilli()), 10)
	for len(lines) < n {
		entries, err := db.rdb.XRevRangeN(ctx, functionLogKey(name.Namespace, name.Local()), to, oldest, logPage).Result()
		if err != nil {
			return nil, "", unavailable(ctx, "read log of a function", err)
		}
		for _, e := range entries {
			if last == "" {
				last = e.ID
			}
			to = "(" + e.ID
			if l := functionLine(name, e); len(lines) < n && (instance == "" || l.Instance == instance) {
				lines = append(lines, l)
			}
		}
		if len(entries) < logPage {
			break
		}
	}
	slices.Reverse(lines)
	return lines, last, nil
}

func functionLine(name core.Name, e redis.XMessage) FunctionLine {
	text := func(key string) string { s, _ := e.Values[key].(string); return s }
	at, _ := strconv.ParseInt(text("t"), 10, 64)
	return FunctionLine{Function: name, Instance: text("i"), At: time.Unix(0, at).UTC(), Text: text("l")}
}
