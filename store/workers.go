package store

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
)

// Worker is what a worker process says of itself once a second.
type Worker struct {
	// ID names the worker over restarts: placement follows it.
	ID string `json:"id"`
	// Boot names the process.
	Boot string `json:"boot"`
	// Beat counts the heartbeats of the process; Heartbeat's caller raises it.
	// A worker whose count stands still is lost, whatever any clock says.
	Beat    int64    `json:"beat"`
	Slots   int      `json:"slots"`             // activations it can run at once
	Busy    int      `json:"busy"`              // activations it runs now
	Kinds   []string `json:"kinds,omitempty"`   // what it can run; empty: all kinds
	Ingress string   `json:"ingress,omitempty"` // base URL for direct calls
	Engine  string   `json:"engine,omitempty"`  // name and version, for people
	Host    string   `json:"host,omitempty"`
	Drains  bool     `json:"drains,omitempty"` // it takes no new work
}

// Token names the process among all workers that ever were. It is what it
// claims activations under.
func (w Worker) Token() string { return w.ID + "." + w.Boot }

// Queue names the queue of the process' own tasks.
func (w Worker) Queue() string { return WorkerQueues + w.Token() }

// WorkerQueues begins the names of the queues that belong to one worker
// process each, and end with it.
const WorkerQueues = "worker:"

// Runs says whether the worker can run the kind.
func (w Worker) Runs(kind string) bool {
	return len(w.Kinds) == 0 || slices.Contains(w.Kinds, kind)
}

// maxCancels is fetched with one heartbeat.
const maxCancels = 256

// Heartbeat writes the worker's state, and returns the activations that it
// shall kill, each once.
func (db *DB) Heartbeat(ctx context.Context, w Worker) ([]core.Ref, error) {
	body, err := json.Marshal(w)
	if err != nil {
		return nil, err
	}
	pipe := db.rdb.Pipeline()
	pipe.HSet(ctx, workersKey, w.ID, body)
	list := pipe.LPopCount(ctx, cancelsKey(w.Token()), maxCancels)
	if _, err := pipe.Exec(ctx); err != nil && err != redis.Nil { //nolint:errorlint // go-redis returns it bare
		return nil, core.Unavailable("write heartbeat", err)
	}
	var refs []core.Ref
	for _, text := range list.Val() {
		if namespace, id, ok := strings.Cut(text, "/"); ok {
			refs = append(refs, core.Ref{Namespace: namespace, ID: core.ActivationID(id)})
		}
	}
	return refs, nil
}

// Workers returns all workers that have a heartbeat, live or not, in no
// order. Entries that cannot be read are left out.
func (db *DB) Workers(ctx context.Context) ([]Worker, error) {
	all, err := db.rdb.HGetAll(ctx, workersKey).Result()
	if err != nil {
		return nil, core.Unavailable("read workers", err)
	}
	workers := make([]Worker, 0, len(all))
	for _, body := range all {
		var w Worker
		if json.Unmarshal([]byte(body), &w) == nil && w.ID != "" {
			workers = append(workers, w)
		}
	}
	return workers, nil
}

// removeWorker deletes the heartbeat of a worker unless another process has
// taken its place or it beats again.
//
// KEYS[1] -> hearth:workers
// ARGV[1] -> id, ARGV[2] -> boot, ARGV[3] -> beat
// Returns 1 if it was removed, else 0.
var removeWorker = redis.NewScript(`
local body = redis.call("HGET", KEYS[1], ARGV[1])
if not body then return 0 end
local ok, w = pcall(cjson.decode, body)
if ok and (w.boot ~= ARGV[2] or tonumber(w.beat) ~= tonumber(ARGV[3])) then return 0 end
return redis.call("HDEL", KEYS[1], ARGV[1])`)

// RemoveWorker forgets a worker that has left or is lost. A worker that has
// beaten since w was read stays.
func (db *DB) RemoveWorker(ctx context.Context, w Worker) error {
	if err := removeWorker.Run(ctx, db.rdb, []string{workersKey}, w.ID, w.Boot, w.Beat).Err(); err != nil {
		return core.Unavailable("remove worker", err)
	}
	return nil
}
