package control

import (
	"cmp"
	"context"
	"errors"
	"hash/fnv"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/queue"
	"github.com/hearth-faas/hearth/store"
)

const (
	// rosterAge is how old the list of workers may be that placement uses.
	rosterAge = time.Second
	// lostAfter is how long a worker's beat may stand still while it is
	// watched. Workers beat once a second.
	lostAfter = 5 * time.Second
	// maxGlance is what one look can add to that. Whoever could not look for a
	// minute, since Redis was away, has not watched for a minute.
	maxGlance = 2 * time.Second
)

// roster knows the workers and how much waits for them. It judges a worker by
// whether its beat has changed while it watched, never by comparing clocks,
// so that a clock that is set does not kill anybody.
type roster struct {
	db    *store.DB
	tasks *queue.Client
	now   func() time.Time // with a monotonic reading

	mu      sync.Mutex
	read    time.Time // when refresh last tried
	err     error     // of that try
	met     time.Time // when the workers were last read
	workers []store.Worker
	beats   map[string]sighting // by token
	waiting map[string]int      // by queue
}

// sighting is a beat, and for how long it has been watched to stand still.
type sighting struct {
	beat   int64
	silent time.Duration
}

func newRoster(db *store.DB, tasks *queue.Client) *roster {
	return &roster{db: db, tasks: tasks, now: time.Now, beats: map[string]sighting{}, waiting: map[string]int{}}
}

// refresh reads the workers and the lengths of their queues unless that was
// tried less than rosterAge ago: the callers of a Redis that does not answer
// share one wait for it. The caller holds mu.
func (r *roster) refresh(ctx context.Context) error {
	if !r.read.IsZero() && r.now().Sub(r.read) < rosterAge {
		return r.err
	}
	r.err = r.reread(ctx)
	r.read = r.now()
	if errors.Is(r.err, context.Canceled) {
		r.read = time.Time{} // the trouble of that caller alone
	}
	return r.err
}

func (r *roster) reread(ctx context.Context) error {
	if err := r.meet(ctx); err != nil {
		return err
	}
	queues := []string{queue.Overflow, queue.Background}
	for _, w := range r.workers {
		queues = append(queues, w.Queue())
	}
	lengths, err := r.tasks.Waiting(ctx, queues...)
	if err != nil {
		return err
	}
	clear(r.waiting)
	for i, q := range queues {
		r.waiting[q] = lengths[i]
	}
	return nil
}

// meet reads the workers. The caller holds mu.
func (r *roster) meet(ctx context.Context) error {
	workers, err := r.db.Workers(ctx)
	if err != nil {
		return err
	}
	now := r.now()
	glance := min(now.Sub(r.met), maxGlance)
	beats := make(map[string]sighting, len(workers))
	for _, w := range workers {
		seen, ok := r.beats[w.Token()]
		if !ok || seen.beat != w.Beat {
			seen = sighting{beat: w.Beat}
		} else {
			seen.silent += glance
		}
		beats[w.Token()] = seen
	}
	r.workers, r.beats, r.met = workers, beats, now
	return nil
}

// lives says whether the worker's beat has changed lately. The caller holds
// mu.
func (r *roster) lives(w store.Worker) bool { return r.beats[w.Token()].silent < lostAfter }

// place picks the queue for an activation: that of the worker that has most
// likely a warm container, the next one when it is saturated, and the queue
// that all serve when all are. With most tasks waiting already the error is
// of core.KindUnavailable.
func (r *roster) place(ctx context.Context, a *core.Activation, most int) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.refresh(ctx); err != nil {
		return "", err
	}
	total := 0
	for _, n := range r.waiting {
		total += n
	}
	if total >= most {
		return "", &core.Error{
			Kind: core.KindUnavailable, RetryAfter: 5 * time.Second,
			Message: "The server is currently unavailable (because it is overloaded or down for maintenance).",
		}
	}
	name := spill(a)
	if w := r.best(a); w != nil && a.Priority != core.PriorityLow {
		name = w.Queue()
	}
	r.waiting[name]++
	return name, nil
}

// spill returns the queue for an activation that no worker has room for:
// callers who wait go before those who do not.
func spill(a *core.Activation) string {
	if a.Priority == core.PriorityHigh || a.Priority == core.PriorityNormal && a.Wait != "" {
		return queue.Overflow
	}
	return queue.Background
}

// best returns the worker of highest weight that can take the activation, or
// nil.
func (r *roster) best(a *core.Activation) *store.Worker {
	return r.heaviest(a, func(w store.Worker) bool {
		// A quarter more than its slots keeps a worker busy while it waits for
		// the next task, and sends the rest to those who have room.
		return 4*(w.Busy+r.waiting[w.Queue()]) < 5*w.Slots
	})
}

// heaviest returns the worker of highest weight that works, runs the kind and
// has room, or nil.
func (r *roster) heaviest(a *core.Activation, room func(store.Worker) bool) *store.Worker {
	var best *store.Worker
	var top uint64
	for i := range r.workers {
		w := &r.workers[i]
		if !room(*w) || w.Drains || !w.Runs(a.Kind) || !r.lives(*w) {
			continue
		}
		if n := weight(a.Namespace, a.Revision, w.ID); best == nil || n > top || n == top && w.ID < best.ID {
			best, top = w, n
		}
	}
	return best
}

// weight is the rendezvous hash of an action's containers and a worker: the
// same in every process, so that all agree where those containers are.
func weight(namespace, revision, worker string) uint64 {
	h := fnv.New64a()
	for _, s := range []string{namespace, revision, worker} {
		_, _ = io.WriteString(h, s)
		_, _ = h.Write([]byte{0})
	}
	x := h.Sum64() // its low bits mix badly: finish as splitmix64 does
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// census is who lives and who does not.
type census struct {
	live map[string]bool // by token
	ids  map[string]bool // of workers that live, whichever process they are
	dead []store.Worker  // whose beat stands still
}

// muster reads the workers anew.
func (r *roster) muster(ctx context.Context) (census, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.meet(ctx); err != nil {
		return census{}, err
	}
	c := census{live: map[string]bool{}, ids: map[string]bool{}}
	for _, w := range r.workers {
		if !r.lives(w) {
			c.dead = append(c.dead, w)
			continue
		}
		c.live[w.Token()], c.ids[w.ID] = true, true
	}
	return c, nil
}

// Workers returns the workers whose heart beats, by id.
func (p *Plane) Workers(ctx context.Context) ([]store.Worker, error) {
	r := p.crew
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.refresh(ctx); err != nil {
		return nil, err
	}
	var live []store.Worker
	for _, w := range r.workers {
		if r.lives(w) {
			live = append(live, w)
		}
	}
	slices.SortFunc(live, func(a, b store.Worker) int { return cmp.Compare(a.ID, b.ID) })
	return live, nil
}
