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
	Ingress string   `json:"ingress,omitempty"` // base URL for direct calls of functions
	// IngressKey is the secret that direct calls carry.
	IngressKey string `json:"ingressKey,omitempty"`
	Engine     string `json:"engine,omitempty"` // name and version, for people
	Host       string `json:"host,omitempty"`
	Drains     bool   `json:"drains,omitempty"` // it takes no new work
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

// maxOrders of each sort are fetched with one heartbeat.
const maxOrders = 256

// Orders are what others ask of a worker process.
type Orders struct {
	Cancel []core.Ref // activations to kill
	Watch  []core.Ref // activations whose lines to write to their tails
}

// Heartbeat writes the worker's state, and returns what it shall do, each
// once.
func (db *DB) Heartbeat(ctx context.Context, w Worker) (Orders, error) {
	body, err := json.Marshal(w)
	if err != nil {
		return Orders{}, err
	}
	pipe := db.rdb.Pipeline()
	pipe.HSet(ctx, workersKey, w.ID, body)
	cancels := pipe.LPopCount(ctx, cancelsKey(w.Token()), maxOrders)
	watches := pipe.LPopCount(ctx, watchesKey(w.Token()), maxOrders)
	if _, err := pipe.Exec(ctx); err != nil && err != redis.Nil { //nolint:errorlint // go-redis returns it bare
		return Orders{}, core.Unavailable("write heartbeat", err)
	}
	return Orders{Cancel: refs(cancels.Val()), Watch: refs(watches.Val())}, nil
}

// refs reads what an order lists, see order.
func refs(texts []string) []core.Ref {
	var list []core.Ref
	for _, text := range texts {
		if namespace, id, ok := strings.Cut(text, "/"); ok {
			list = append(list, core.Ref{Namespace: namespace, ID: core.ActivationID(id)})
		}
	}
	return list
}

// order is an activation in a list of orders.
func order(r core.Ref) string { return r.Namespace + "/" + string(r.ID) }

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
