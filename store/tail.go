package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
)

const (
	// maxTail is how many entries of a tail are kept, about. A worker writes at
	// most five a second, of lines that its activation's log limit bounds.
	maxTail = 4096
	// tailLife is how long a tail outlives the last that watched it.
	tailLife = time.Minute
	// watchLife is how long a worker that does not beat is asked in vain.
	watchLife = time.Minute
)

// TailChunk is some lines of a running activation, as they came.
type TailChunk struct {
	Ref     core.Ref
	Attempt int
	First   int      // the number of Lines[0] among the attempt's, from 0
	Lines   []string // as in core.Outcome; may be empty
}

// AppendTails writes chunks to the tails of their activations in one round
// trip. An empty chunk keeps a tail alive.
func (db *DB) AppendTails(ctx context.Context, chunks []TailChunk) error {
	pipe := db.rdb.Pipeline()
	for _, c := range chunks {
		key := tailKey(c.Ref.Namespace, c.Ref.ID)
		if len(c.Lines) > 0 {
			lines, err := json.Marshal(c.Lines)
			if err != nil {
				return err
			}
			pipe.XAdd(ctx, &redis.XAddArgs{
				Stream: key, MaxLen: maxTail, Approx: true, Values: []any{"at", c.Attempt, "n", c.First, "l", lines},
			})
		}
		pipe.Expire(ctx, key, tailLife)
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return unavailable(ctx, "write tails", err)
	}
	return nil
}

// Tail is what a watcher sees of an activation at one moment.
type Tail struct {
	State   core.State
	Attempt int
	Worker  string // token, while it runs
	Final   bool   // it is done, and its record will not change any more
	Chunks  []TailChunk
	Last    string // position after Chunks
}

// tailPage is how many entries one read of a tail takes.
const tailPage = 64

// Tail reads an activation's state, and what was appended to its tail after
// the position, "" for all, in one round trip. KindNotFound when there is no
// such activation.
func (db *DB) Tail(ctx context.Context, ref core.Ref, after string) (Tail, error) {
	t := Tail{Last: after}
	from := "-"
	if after != "" {
		from = "(" + after
	}
	pipe := db.rdb.Pipeline()
	record := pipe.HMGet(ctx, activationKey(ref.Namespace, ref.ID), fieldState, fieldAttempt, fieldWorker, fieldVisible, fieldKeep)
	entries := pipe.XRangeN(ctx, tailKey(ref.Namespace, ref.ID), from, "+", tailPage)
	if _, err := pipe.Exec(ctx); err != nil {
		return t, unavailable(ctx, "read tail", err)
	}
	var f [5]string
	for i, v := range record.Val() {
		f[i], _ = v.(string)
	}
	if f[0] == "" {
		return t, core.Errorf(core.KindNotFound, "The requested resource does not exist.")
	}
	t.State, t.Attempt, t.Worker = core.State(f[0]), number(f[1]), f[2]
	t.Final = f[3] == "1" || t.State == core.StateDone && f[4] == "0"
	for _, m := range entries.Val() {
		text := func(key string) string { s, _ := m.Values[key].(string); return s }
		c := TailChunk{Ref: ref, Attempt: number(text("at")), First: number(text("n"))}
		if json.Unmarshal([]byte(text("l")), &c.Lines) == nil {
			t.Chunks = append(t.Chunks, c)
		}
		t.Last = m.ID
	}
	return t, nil
}

// AskWatch asks the worker process to write the activation's lines to its
// tail for the next seconds; it hears of it with its next heartbeat.
func (db *DB) AskWatch(ctx context.Context, ref core.Ref, worker string) error {
	pipe := db.rdb.Pipeline()
	pipe.RPush(ctx, watchesKey(worker), order(ref))
	pipe.Expire(ctx, watchesKey(worker), watchLife)
	if _, err := pipe.Exec(ctx); err != nil {
		return unavailable(ctx, "ask for a tail", err)
	}
	return nil
}
