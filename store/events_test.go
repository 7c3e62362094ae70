package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
	"github.com/hearth-faas/hearth/store/storetest"
)

// redises are the kinds of Redis that events and schedules must work in: their
// keys are spread over slots, and their scripts call commands that differ.
func redises(t *testing.T) map[string]func(*testing.T) redis.UniversalClient {
	t.Helper()
	return map[string]func(*testing.T) redis.UniversalClient{
		"one":     func(t *testing.T) redis.UniversalClient { t.Helper(); return storetest.Redis(t) },
		"cluster": func(t *testing.T) redis.UniversalClient { t.Helper(); return storetest.Cluster(t) },
		"embedded": func(t *testing.T) redis.UniversalClient {
			t.Helper()
			rdb := redis.NewClient(&redis.Options{Addr: miniredis.RunT(t).Addr()})
			t.Cleanup(func() { _ = rdb.Close() })
			return rdb
		},
	}
}

// next returns what is new in all shards.
func next(ctx context.Context, t *testing.T, db *store.DB) []store.Delivery {
	t.Helper()
	var all []store.Delivery
	for shard := range store.EventShards {
		list, err := db.NextEvents(ctx, shard, "d", 10, time.Millisecond)
		must(t, err)
		all = append(all, list...)
	}
	return all
}

func TestEventsAreKeptUntilTheyAreSettled(t *testing.T) {
	t.Parallel()
	for kind, connect := range redises(t) {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			ctx, db := t.Context(), store.New(connect(t))
			must(t, db.OpenEvents(ctx))
			must(t, db.OpenEvents(ctx)) // is harmless
			event := store.Event{
				Trigger: core.ParseLocal("guest", "t"), ID: "1", Headers: core.JSON(`{"a":"b"}`), Payload: core.JSON(`{"c":1}`),
				After: "0", Then: store.ThenDelete, Source: "test",
			}
			must(t, db.AppendEvent(ctx, event))
			got := next(ctx, t, db)
			if len(got) != 1 || got[0].Broken() || got[0].Deliveries != 1 || cmp.Diff(got[0].Event, event) != "" {
				t.Fatalf("got %+v, want %+v", got, event)
			}
			if again := next(ctx, t, db); len(again) != 0 {
				t.Errorf("delivered twice: %+v", again)
			}
			var taken []store.Delivery
			for shard := range store.EventShards {
				list, err := db.TakeOverEvents(ctx, shard, "other", 0, 10)
				must(t, err)
				taken = append(taken, list...)
			}
			if len(taken) != 1 || taken[0].Deliveries != 2 || taken[0].ID != "1" {
				t.Fatalf("took over %+v", taken)
			}
			must(t, db.BuryEvent(ctx, taken[0], "why"))
			must(t, db.SettleEvent(ctx, taken[0])) // is harmless
			dead, err := db.DeadEvents(ctx, event.Trigger, 10)
			must(t, err)
			if n, err := db.WaitingEvents(ctx); len(dead) != 1 || dead[0].Reason != "why" || n != 0 || err != nil {
				t.Errorf("got dead %+v, %d waiting, %v", dead, n, err)
			}
		})
	}
}

func TestASchedulesTickIsTakenOnce(t *testing.T) {
	t.Parallel()
	for kind, connect := range redises(t) {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			ctx, db := t.Context(), store.New(connect(t))
			must(t, db.OpenEvents(ctx))
			now, err := db.Now(ctx)
			must(t, err)
			now = now.Truncate(time.Millisecond)
			name := core.ParseLocal("guest", "t")
			first := store.Schedule{Trigger: name, Doc: "first", Due: now.Add(-time.Second)}
			second := store.Schedule{Trigger: name, Doc: "second", Due: now.Add(time.Hour)}
			must(t, db.PutSchedule(ctx, first))
			found := due(ctx, t, db)
			if len(found.Schedules) != 1 || found.Schedules[0].Doc != "first" || !found.Schedules[0].Due.Equal(first.Due) {
				t.Fatalf("due is %+v", found)
			}
			for i, want := range []bool{true, false} {
				moved, err := db.MoveSchedule(ctx, first, second, []store.Event{{Trigger: name, ID: "1"}})
				if err != nil || moved != want {
					t.Errorf("move %d: got %t, %v", i, moved, err)
				}
			}
			if got := next(ctx, t, db); len(got) != 1 {
				t.Errorf("got %d events, want 1", len(got))
			}
			if found := due(ctx, t, db); len(found.Schedules) != 0 || len(found.Coming) != 1 || !found.Coming[0].Due.Equal(second.Due) {
				t.Errorf("due is %+v, want nothing until %s", found, second.Due)
			}
			if s, err := db.Schedule(ctx, name); err != nil || s.Doc != "second" {
				t.Errorf("got %+v, %v", s, err)
			}
			must(t, db.DropSchedule(ctx, name))
			_, err = db.Schedule(ctx, name)
			wantErr(t, err, store.ErrNotFound)
			if found := due(ctx, t, db); len(found.Schedules) != 0 || len(found.Coming) != 0 {
				t.Errorf("due is %+v, want nothing ever", found)
			}
		})
	}
}

// due is what is due in all shards.
func due(ctx context.Context, t *testing.T, db *store.DB) store.Due {
	t.Helper()
	var all store.Due
	for shard := range store.EventShards {
		d, err := db.DueSchedules(ctx, shard, 10, 1)
		must(t, err)
		all.Schedules = append(all.Schedules, d.Schedules...)
		all.Coming = append(all.Coming, d.Coming...)
	}
	return all
}
