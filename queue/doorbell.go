package queue

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// bellWait is the longest sleep at the door. It also bounds how late a
	// task starts whose ring was lost, or that asynq's forwarder moved.
	bellWait = 2 * time.Second
	// backOffMost is the longest pause between tries while Redis is away.
	backOffMost = time.Second
	// overflowRings is kept of the rings of the queue that all serve: as many
	// sleepers can be woken by one burst, and as many wake in vain after it.
	// Of a worker's own queue one ring is enough for the one that sleeps there.
	overflowRings = 16
	// emptyFor is how long a queue that was found empty is taken to be so
	// while others keep the server from the door, where it would hear a ring.
	emptyFor = 20 * time.Millisecond
)

// bellKey is the list that enqueuers of a queue push to and its servers pop
// from. All bells share a hash tag, because a server waits for several.
func bellKey(queue string) string { return "hearth:bell:{bell}:" + queue }

func ring(ctx context.Context, pipe redis.Pipeliner, queue string) {
	pipe.RPush(ctx, bellKey(queue), 1)
	rings := int64(1)
	if queue == Overflow {
		rings = overflowRings
	}
	pipe.LTrim(ctx, bellKey(queue), -rings, -1)
}

// doorbell is a go-redis hook under an asynq server. asynq polls: its one
// dequeue goroutine asks each queue in turn, and sleeps when all are empty.
// The hook knows which queues are empty, answers for those itself, and when all
// are holds the answer back until somebody rings, two seconds have passed, or
// the server stops. So an idle server costs a few commands a second, a new task
// waits for almost nothing, and taking it is one round trip.
type doorbell struct {
	rdb     redis.UniversalClient // without the hook
	queues  []string
	bells   []string
	stopped chan struct{}
	once    sync.Once

	mu    sync.Mutex
	empty map[string]time.Time // when a queue was last known to be empty
	fails int                  // dequeue errors in a row
}

func newDoorbell(rdb redis.UniversalClient, queues []string) *doorbell {
	d := &doorbell{rdb: rdb, queues: queues, stopped: make(chan struct{}), empty: map[string]time.Time{}}
	for _, q := range queues {
		d.bells = append(d.bells, bellKey(q))
	}
	return d
}

func (d *doorbell) isStopped() bool {
	select {
	case <-d.stopped:
		return true
	default:
		return false
	}
}

// stop ends the wait at the door, and all claims, now and for good.
func (d *doorbell) stop(ctx context.Context) {
	d.once.Do(func() { close(d.stopped) })
	// Wakes the sleeper. If it fails, the sleep ends by itself in two seconds.
	_ = d.rdb.RPush(ctx, d.bells[0], 1).Err()
}

// DialHook is part of redis.Hook.
func (d *doorbell) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessPipelineHook is part of redis.Hook.
func (d *doorbell) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// ProcessHook is part of redis.Hook.
func (d *doorbell) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		queue, ok := dequeued(cmd)
		if !ok {
			return next(ctx, cmd)
		}
		if d.isStopped() {
			<-time.After(time.Millisecond) // asynq asks again until it is shut down
			return nothing(cmd)
		}
		if d.isEmpty(queue) {
			d.sleepIfAll(ctx)
			if d.isEmpty(queue) || d.isStopped() {
				return nothing(cmd)
			}
		}
		return d.dequeue(ctx, queue, cmd)
	}
}

// nothing answers a dequeue script without Redis: there is no task.
func nothing(cmd redis.Cmder) error {
	cmd.SetErr(redis.Nil)
	return redis.Nil
}

// dequeue runs the script and asks in the same round trip what is left: after
// the last task the queue need not be asked once more to be known as empty.
func (d *doorbell) dequeue(ctx context.Context, queue string, cmd redis.Cmder) error {
	pipe := d.rdb.Pipeline()
	_ = pipe.Process(ctx, cmd) // it only queues
	left := pipe.LLen(ctx, key(queue, "pending"))
	_, _ = pipe.Exec(ctx) // each command has its own error
	err := cmd.Err()
	if redis.HasErrorPrefix(err, "NOSCRIPT") {
		return err // asynq sends the text
	}
	if wait := d.note(queue, err, left.Err() == nil && left.Val() == 0); wait > 0 {
		d.pause(wait)
	}
	return err
}

// note takes in the answer of a dequeue script, and returns how long to wait
// before the next: asynq tries again at once, for as long as Redis is away.
func (d *doorbell) note(queue string, err error, last bool) time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err != nil && err != redis.Nil { //nolint:errorlint // go-redis returns it bare
		d.fails++
		return min(backOffMost, 50*time.Millisecond<<min(d.fails, 6))
	}
	d.fails = 0
	if err != nil || last { // or it is paused, which is as good as empty
		d.empty[queue] = time.Now()
	} else {
		delete(d.empty, queue)
	}
	return 0
}

func (d *doorbell) isEmpty(queue string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	at, ok := d.empty[queue]
	return ok && time.Since(at) < emptyFor
}

// sleepIfAll waits at the door if all queues are empty. A task that came after
// its queue was found so has rung since, as every task is there before its
// ring.
func (d *doorbell) sleepIfAll(ctx context.Context) {
	for _, q := range d.queues {
		if !d.isEmpty(q) {
			return
		}
	}
	rung, err := d.rdb.BLPop(ctx, bellWait, d.bells...).Result()
	if err != nil && err != redis.Nil { //nolint:errorlint // go-redis returns it bare
		d.pause(backOffMost)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for i, q := range d.queues {
		if err == nil && rung[0] != d.bells[i] {
			d.empty[q] = time.Now() // its bell was listened to until now
		} else {
			delete(d.empty, q)
		}
	}
}

func (d *doorbell) pause(t time.Duration) {
	timer := time.NewTimer(t)
	defer timer.Stop()
	select {
	case <-d.stopped:
	case <-timer.C:
	}
}

// dequeued returns the queue that cmd takes a task from. asynq's dequeue
// script is known by its four keys, of which the first two are
// "asynq:{queue}:pending" and "asynq:{queue}:paused".
func dequeued(cmd redis.Cmder) (queue string, ok bool) {
	args := cmd.Args()
	if name := cmd.Name(); len(args) < 7 || name != "evalsha" && name != "eval" {
		return "", false
	}
	if keys, _ := args[2].(int); keys != 4 {
		return "", false
	}
	first, _ := args[3].(string)
	second, _ := args[4].(string)
	queue, ok = strings.CutPrefix(first, "asynq:{")
	queue, pending := strings.CutSuffix(queue, "}:pending")
	return queue, ok && pending && strings.HasSuffix(second, "}:paused")
}
