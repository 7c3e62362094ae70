package queue

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// noSleep is the shortest interval that asynq takes, which it rounds down to
// no sleep at all. The doorbell waits instead, and a sleep after its ring
// would delay the task by a millisecond: an idle process sleeps no shorter,
// whatever it asks for, because that is the grain of epoll.
const noSleep = time.Nanosecond

// eagerness is how many times as often a queue is asked first as the next one.
const eagerness = 4

// Options of a Server.
type Options struct {
	// Queues are asked for tasks, each several times as eagerly as the one after
	// it, and none never; at least one. A worker serves its own queue, then
	// Overflow, then Background.
	Queues []string
	// Concurrency is the number of handlers at once; 0 means 1.
	Concurrency int
	// Drain is how long Run waits for handlers once its ctx has ended; 0
	// means 30 s. After it their ctx ends too.
	Drain time.Duration
	// Grace is how long handlers may take after their ctx ended; 0 means 10 s.
	// After it their tasks are given back, while they may still run.
	Grace time.Duration
}

// Server claims tasks and hands them to a handler.
type Server struct {
	rdb redis.UniversalClient
	log *slog.Logger
	opt Options
	// slots bound the handlers. asynq counts too, but it gives up on a task
	// whose lease it could not extend, and forgets that its handler runs.
	slots chan struct{}
}

// NewServer makes a Server and starts nothing. It connects to the Redis of
// rdb by itself, because it blocks on its connections.
func NewServer(rdb redis.UniversalClient, log *slog.Logger, opt Options) *Server {
	opt.Concurrency = max(opt.Concurrency, 1)
	if opt.Drain <= 0 {
		opt.Drain = 30 * time.Second
	}
	if opt.Grace <= 0 {
		opt.Grace = 10 * time.Second
	}
	return &Server{rdb: rdb, log: log, opt: opt, slots: make(chan struct{}, opt.Concurrency)}
}

// Run hands tasks to h until ctx ends, then claims no more, waits for the
// handlers that run, and returns nil. It may be called once.
func (s *Server) Run(ctx context.Context, h Handler) error {
	if len(s.opt.Queues) == 0 {
		return fmt.Errorf("start queue server: no queues")
	}
	conn, err := dedicated(s.rdb)
	if err != nil {
		return fmt.Errorf("start queue server: %w", err)
	}
	defer func() { _ = conn.Close() }()
	hooked, err := dedicated(s.rdb)
	if err != nil {
		return fmt.Errorf("start queue server: %w", err)
	}
	defer func() { _ = hooked.Close() }()
	bell := newDoorbell(conn, s.opt.Queues)
	hooked.AddHook(bell)

	late := context.WithoutCancel(ctx)
	work, abandon := context.WithCancel(late)
	defer abandon()
	server := asynq.NewServerFromRedisClient(hooked, s.config())
	if err := server.Start(s.handle(work, ctx.Done(), h)); err != nil {
		return fmt.Errorf("start queue server: %w", err)
	}
	<-ctx.Done()

	// The order matters. First the dequeue goroutine is called from the door,
	// then Shutdown ends it, so that nothing is claimed any more, waits for
	// the handlers, and at last ends asynq's own senders and receivers.
	bell.stop(late)
	timer := time.AfterFunc(s.opt.Drain, abandon)
	defer timer.Stop()
	server.Shutdown()
	s.forgotten()
	return nil
}

// forgotten waits for handlers that asynq has given up.
func (s *Server) forgotten() {
	timer := time.NewTimer(s.opt.Grace)
	defer timer.Stop()
	for range s.opt.Concurrency {
		select {
		case s.slots <- struct{}{}:
		case <-timer.C:
			s.log.Error("handlers do not stop, their tasks are given back")
			return
		}
	}
}

func (s *Server) config() asynq.Config {
	// How eagerly the first queue is asked is also how seldom a task in it is
	// found only after a look into the others, which costs a round trip each.
	weights := make(map[string]int, len(s.opt.Queues))
	weight := 1
	for _, q := range slices.Backward(s.opt.Queues) {
		weights[q] = weight
		weight *= eagerness
	}
	return asynq.Config{
		Concurrency:              s.opt.Concurrency,
		Queues:                   weights,
		TaskCheckInterval:        noSleep,
		DelayedTaskCheckInterval: 5 * time.Second,
		JanitorInterval:          time.Minute,
		ShutdownTimeout:          s.opt.Drain + s.opt.Grace,
		RetryDelayFunc:           func(int, error, *asynq.Task) time.Duration { return time.Second },
		IsFailure:                func(error) bool { return false }, // retries do not count
		Logger:                   logger{s.log},
		LogLevel:                 asynq.WarnLevel,
	}
}

// handle runs h on work, not on asynq's context: that one ends while the
// handler still has to write what became of the activation.
func (s *Server) handle(work context.Context, stop <-chan struct{}, h Handler) asynq.HandlerFunc {
	return func(_ context.Context, task *asynq.Task) error {
		ref, err := parsePayload(task.Payload())
		if err != nil {
			s.log.Error("task dropped", "err", err)
			return nil
		}
		select {
		case s.slots <- struct{}{}:
			defer func() { <-s.slots }()
		case <-stop:
			return context.Canceled
		}
		return h(work, ref)
	}
}

// dedicated returns a client of its own to the same Redis.
func dedicated(rdb redis.UniversalClient) (redis.UniversalClient, error) {
	switch c := rdb.(type) {
	case *redis.Client:
		opt := *c.Options()
		// These two belong to that client and its connections.
		opt.PushNotificationProcessor = nil
		opt.MaintNotificationsConfig = noNotifications()
		return redis.NewClient(&opt), nil
	case *redis.ClusterClient:
		opt := *c.Options()
		opt.MaintNotificationsConfig = noNotifications()
		return redis.NewClusterClient(&opt), nil
	}
	return nil, fmt.Errorf("redis client of type %T is not supported", rdb)
}

// noNotifications turns off a protocol of hosted Redis for upgrades.
func noNotifications() *maintnotifications.Config {
	return &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
}
