package queue_test

import (
	"context"
	"testing"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/queue"
	"github.com/hearth-faas/hearth/store/storetest"
)

func TestRestoreAddsATaskOnlyWhereNoneWaits(t *testing.T) {
	t.Parallel()
	rdb := storetest.Redis(t)
	client := queue.NewClient(rdb)
	want := task(queue.Overflow)
	waiting := func() int64 { return rdb.LLen(t.Context(), "asynq:{default}:pending").Val() }
	for range 2 {
		if err := client.Restore(t.Context(), want); err != nil {
			t.Fatal(err)
		}
		if n := waiting(); n != 1 {
			t.Fatalf("%d tasks wait, want 1", n)
		}
	}
	// What asynq's dequeue leaves when Redis is gone before its answer: a task
	// that counts as taken, and nobody who has it.
	id := rdb.LPop(t.Context(), "asynq:{default}:pending").Val()
	rdb.LPush(t.Context(), "asynq:{default}:active", id)
	rdb.HSet(t.Context(), "asynq:{default}:t:"+id, "state", "active")
	if err := client.Restore(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	taken := make(chan core.Ref, 1)
	serve(t, rdb, queue.Options{Queues: []string{queue.Overflow}}, func(_ context.Context, ref core.Ref) error {
		taken <- ref
		return nil
	})
	if got := receive(t, taken); got != want.Ref {
		t.Errorf("got %v, want %v", got, want.Ref)
	}
}
