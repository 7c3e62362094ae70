package control

import (
	"context"
	"sync"
	"time"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
)

const (
	// replyBlock is how long one read of the reply stream waits.
	replyBlock = 5 * time.Second
	// firstPoll is when a waiter first looks at the record itself, in case its
	// reply was lost; it then waits twice as long each time.
	firstPoll = 2 * time.Second
)

// waiters are the callers of this process that wait for an end.
type waiters struct {
	mu   sync.Mutex
	byID map[core.ActivationID]chan store.Reply
}

func newWaiters() *waiters { return &waiters{byID: map[core.ActivationID]chan store.Reply{}} }

// add returns a channel that gets the reply for id, and a function that must
// be called to end the wait.
func (w *waiters) add(id core.ActivationID) (<-chan store.Reply, func()) {
	c := make(chan store.Reply, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.byID[id] = c
	return c, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.byID, id)
	}
}

func (w *waiters) wake(r store.Reply) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c, ok := w.byID[r.ID]; ok {
		select {
		case c <- r:
		default: // it has one already
		}
	}
}

// Run serves those who wait in InvokeAndWait: it reads this process' reply
// stream until ctx ends, and returns nil. Without it they find out by
// polling, seconds later.
func (p *Plane) Run(ctx context.Context) error {
	var fleet sync.WaitGroup
	fleet.Go(func() { p.fleet.run(ctx) })
	defer fleet.Wait()
	// A read that blocks does not see ctx end: an entry of our own wakes it.
	woken := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(woken)
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = p.db.WakeReplies(late, p.opt.Server) // or it ends by itself
	})
	defer func() {
		if !stop() {
			<-woken
		}
	}()
	position, down := "", false
	for ctx.Err() == nil {
		var err error
		if position, err = p.replies(ctx, position); err == nil {
			down = false
			continue
		}
		if ctx.Err() != nil {
			break
		}
		if !down {
			p.log.Warn("replies cannot be read, waiting callers poll", "err", err)
		}
		down = true
		pause(ctx, time.Second)
	}
	return nil
}

func (p *Plane) replies(ctx context.Context, position string) (string, error) {
	if position == "" {
		return p.db.LastReply(ctx, p.opt.Server)
	}
	list, position, err := p.db.Replies(ctx, p.opt.Server, position, replyBlock)
	for _, r := range list {
		p.waiters.wake(r)
	}
	return position, err
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// wait blocks until the activation a ends, at most for max or until ctx ends,
// and fills in its State and Outcome. If it has not ended by then, only a.Ref
// is returned: it has been accepted, whoever waits for it.
func (p *Plane) wait(ctx context.Context, a *core.Activation, replies <-chan store.Reply, max time.Duration) (*core.Activation, error) {
	limit := time.NewTimer(max)
	defer limit.Stop()
	interval := firstPoll
	poll := time.NewTimer(interval)
	defer poll.Stop()
	for {
		select {
		case <-ctx.Done():
			return &core.Activation{Ref: a.Ref}, nil
		case <-limit.C:
			return &core.Activation{Ref: a.Ref}, nil
		case r := <-replies:
			// The logs of a sequence are the ids of its steps, which belong to the
			// answer and do not travel in a reply.
			if r.Outcome != nil && a.Kind != core.KindSequence {
				a.State, a.Started, a.Outcome = core.StateDone, r.Outcome.Start, *r.Outcome
				return a, nil
			}
		case <-poll.C:
			interval *= 2
			poll.Reset(interval)
		}
		// A failed read is no reason to give up: the action runs on.
		if r, err := p.db.Activation(ctx, a.Ref); err == nil && r.State == core.StateDone {
			return &r.Activation, nil
		}
	}
}
