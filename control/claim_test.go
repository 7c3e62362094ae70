package control_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store/storetest"
)

// swallow is a hook that lets Redis do one claim and loses its answer.
type swallow struct{ lost atomic.Bool }

func (s *swallow) DialHook(next redis.DialHook) redis.DialHook { return next }

func (s *swallow) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (s *swallow) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if err == nil && strings.HasPrefix(cmd.Name(), "eval") && !s.lost.Swap(true) {
			cmd.SetErr(context.DeadlineExceeded)
			return context.DeadlineExceeded
		}
		return err
	}
}

func TestAClaimWhoseAnswerIsLostIsAskedForAgain(t *testing.T) {
	t.Parallel()
	rdb := storetest.Redis(t)
	w := worldOn(t, rdb, control.Options{})
	id := w.invoke("hi", `{}`)
	s := &swallow{}
	rdb.AddHook(s)
	a := w.start(id)
	if !s.lost.Load() || a.Attempt != 1 || a.State != core.StateRunning {
		t.Errorf("answer lost: %v, got %+v", s.lost.Load(), a)
	}
}

// The clocks of a worker's host and of Redis differ by hours, and each attempt
// has its whole time all the same.
func TestADeadlineIsByTheClockOfTheWorker(t *testing.T) {
	t.Parallel()
	for name, ahead := range map[string]time.Duration{"Redis is ahead": 5 * time.Hour, "Redis is behind": -5 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mini := miniredis.RunT(t)
			w := worldOn(t, redis.NewClient(&redis.Options{Addr: mini.Addr()}), control.Options{})
			mini.SetTime(time.Now().Add(ahead))
			id := w.invoke("a", "{}")
			before := time.Now()
			a := w.start(id)
			if has := a.Deadline.Sub(before); has < a.Limits.Timeout || has > time.Hour {
				t.Errorf("the attempt has %v, want its time limit of %v and some room", has, a.Limits.Timeout)
			}
		})
	}
}
