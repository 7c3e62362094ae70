package control_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"

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
