package queue

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
)

const (
	taskType = "activation"
	// forever is longer than any activation may live: asynq's own time limit
	// would give the slot back while the handler still runs.
	forever = 10 * 365 * 24 * time.Hour
	// noLimit is a retry count that asynq never reaches: an exhausted task
	// goes to its archive, which drops the oldest in silence.
	noLimit = 1 << 30
)

// Client enqueues tasks. It is safe for concurrent use.
type Client struct {
	rdb   redis.UniversalClient
	tasks *asynq.Client
}

// NewClient returns a Client on the connection, which the caller closes.
func NewClient(rdb redis.UniversalClient) *Client {
	// This client never dials: its hook answers every command that asynq
	// gives, and hands it on to the pipeline in the context.
	offline := redis.NewClient(&redis.Options{Addr: "capture.invalid:0", MaxRetries: -1})
	offline.AddHook(capture{})
	return &Client{rdb: rdb, tasks: asynq.NewClientFromRedisClient(offline)}
}

// Enqueue adds the tasks, and rings for each, in one round trip. A task that
// is there already stays as it is. The error is of core.KindUnavailable.
func (c *Client) Enqueue(ctx context.Context, tasks ...Task) error {
	_, err := c.rdb.Pipelined(ctx, c.Adding(ctx, tasks...))
	if err != nil {
		return core.Unavailable("enqueue activation", err)
	}
	return nil
}

// Adding returns a function that adds the commands of Enqueue to a pipeline,
// so that a task can be queued in the round trip that makes its record. The
// function may be called again for a second try, which gives the tasks other
// ids: those of the first may be in the queue without a record, or have been
// taken and dropped for the want of one. A task too many does no harm, since
// an activation is claimed once.
func (c *Client) Adding(ctx context.Context, tasks ...Task) func(redis.Pipeliner) error {
	return c.adding(ctx, "", tasks...)
}

// adding is Adding with a suffix to the tasks' ids.
func (c *Client) adding(ctx context.Context, again string, tasks ...Task) func(redis.Pipeliner) error {
	return func(pipe redis.Pipeliner) error {
		ctx := context.WithValue(ctx, pipeKey{}, pipe)
		defer func() { again += "+" }()
		for _, t := range tasks {
			task := asynq.NewTask(taskType, t.payload())
			_, err := c.tasks.EnqueueContext(ctx, task, asynq.Queue(t.Queue), asynq.TaskID(t.id()+again),
				asynq.MaxRetry(noLimit), asynq.Timeout(forever))
			if err != nil {
				return fmt.Errorf("encode task: %w", err)
			}
			ring(ctx, pipe, t.Queue)
		}
		return nil
	}
}

// Waiting returns how many tasks wait in each of the queues, in one round
// trip. Tasks that are being handled do not count.
func (c *Client) Waiting(ctx context.Context, queues ...string) ([]int, error) {
	if len(queues) == 0 {
		return nil, nil
	}
	cmds := make([]*redis.IntCmd, len(queues))
	_, err := c.rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i, q := range queues {
			cmds[i] = pipe.LLen(ctx, key(q, "pending"))
		}
		return nil
	})
	if err != nil {
		return nil, core.Unavailable("count waiting tasks", err)
	}
	lengths := make([]int, len(queues))
	for i, cmd := range cmds {
		lengths[i] = int(cmd.Val())
	}
	return lengths, nil
}

type pipeKey struct{}

// errNoPipeline says that asynq gave a command outside of Client.Adding.
var errNoPipeline = errors.New("queue: no pipeline in the context")

// noScript makes asynq give the text of a script instead of its digest, which
// not every pipeline knows what to do about when Redis does not know it.
type noScript struct{}

func (noScript) Error() string { return "NOSCRIPT text is wanted" }
func (noScript) RedisError()   {}

// capture hands the commands of an asynq client on to the pipeline in their
// context, and answers each as if it had succeeded.
type capture struct{}

func (capture) DialHook(next redis.DialHook) redis.DialHook { return next }

func (capture) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (capture) ProcessHook(redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		pipe, ok := ctx.Value(pipeKey{}).(redis.Pipeliner)
		if !ok {
			cmd.SetErr(errNoPipeline)
			return errNoPipeline
		}
		if cmd.Name() == "evalsha" {
			cmd.SetErr(noScript{})
			return noScript{}
		}
		script, ok := cmd.(*redis.Cmd)
		if !ok {
			return pipe.Process(ctx, redis.NewCmd(ctx, cmd.Args()...))
		}
		eval(ctx, pipe, script.Args())
		script.SetVal(int64(1)) // "enqueued", see asynq's enqueueCmd
		return nil
	}
}

// eval adds the script of an EVAL in the pipeline's own way: one that knows
// that Redis has it sends the digest.
func eval(ctx context.Context, pipe redis.Pipeliner, args []any) {
	script, _ := args[1].(string)
	n, _ := args[2].(int)
	keys := make([]string, n)
	for i := range keys {
		keys[i], _ = args[3+i].(string)
	}
	pipe.Eval(ctx, script, keys, args[3+n:]...)
}
