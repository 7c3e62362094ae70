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
	// maxRings is kept of the rings of a queue: as many sleepers can be woken
	// by one burst, and as many wake in vain after it.
	maxRings = 16
)

// bellKey is the list that enqueuers of a queue push to and its servers pop
// from. All bells share a hash tag, because a server waits for several.
func bellKey(queue string) string { return "hearth:bell:{bell}:" + queue }

func ring(ctx context.Context, pipe redis.Pipeliner, queue string) {
	pipe.RPush(ctx, bellKey(queue), 1)
	pipe.LTrim(ctx, bellKey(queue), -maxRings, -1)
}

// doorbell is a go-redis hook under an asynq server. asynq polls: its one
// dequeue goroutine asks each queue in turn, and sleeps when all are empty.
// The hook sees those empty answers, and holds back the last of a round until
// somebody rings, two seconds have passed, or the server stops. asynq then asks
// again at once, so that an idle server costs a few commands a second and a
// new task waits for almost nothing.
type doorbell struct {
	rdb     redis.UniversalClient // without the hook
	queues  []string
	bells   []string
	stopped chan struct{}
	once    sync.Once

	mu    sync.Mutex
	empty map[string]bool // queues found empty in this round
	fails int             // dequeue errors in a row
}

func newDoorbell(rdb redis.UniversalClient, queues []string) *doorbell {
	d := &doorbell{rdb: rdb, queues: queues, stopped: make(chan struct{}), empty: map[string]bool{}}
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
		if ok && d.isStopped() {
			<-time.After(time.Millisecond) // asynq asks again until it is shut down
			cmd.SetErr(redis.Nil)
			return redis.Nil
		}
		err := next(ctx, cmd)
		if !ok || redis.HasErrorPrefix(err, "NOSCRIPT") {
			return err
		}
		switch d.note(queue, err) {
		case asIs:
		case sleep:
			d.sleep(ctx)
		case backOff:
			d.pause(min(backOffMost, 50*time.Millisecond<<min(d.fails, 6)))
		}
		return err
	}
}

type reaction int

const (
	asIs reaction = iota
	sleep
	backOff
)

// note counts the answer of one dequeue script and says what to do with it.
func (d *doorbell) note(queue string, err error) reaction {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch err {
	case nil:
		d.fails = 0
		clear(d.empty)
		return asIs
	case redis.Nil: //nolint:errorlint // go-redis returns it bare
		d.fails = 0
		d.empty[queue] = true
		if len(d.empty) < len(d.queues) {
			return asIs
		}
		clear(d.empty)
		return sleep
	}
	d.fails++ // asynq tries again at once, for as long as Redis is away
	return backOff
}

func (d *doorbell) sleep(ctx context.Context) {
	if d.isStopped() {
		return
	}
	err := d.rdb.BLPop(ctx, bellWait, d.bells...).Err()
	if err != nil && err != redis.Nil { //nolint:errorlint // go-redis returns it bare
		d.pause(backOffMost)
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
	queue, ok = strings.CutSuffix(first, ":pending")
	return queue, ok && strings.HasSuffix(second, ":paused")
}
