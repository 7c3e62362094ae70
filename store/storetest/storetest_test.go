package storetest_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/store/storetest"
)

func TestEveryCallerGetsAnEmptyDatabaseOfItsOwn(t *testing.T) {
	t.Parallel()
	for i := range 8 {
		t.Run(fmt.Sprint("caller ", i), func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			rdb := storetest.Redis(t)
			if err := rdb.SetNX(ctx, "mine", i, 0).Err(); err != nil {
				t.Fatal(err)
			}
			if got := rdb.Get(ctx, "mine").Val(); got != fmt.Sprint(i) {
				t.Errorf("got %q, want our own value %d", got, i)
			}
			if n := rdb.DBSize(ctx).Val(); n != 1 {
				t.Errorf("got %d keys, want our own one", n)
			}
		})
	}
}

func TestDatabasesAreReused(t *testing.T) {
	t.Parallel()
	for i := range 1100 {
		t.Run(fmt.Sprint("caller ", i), func(t *testing.T) {
			rdb := storetest.Redis(t)
			if n := rdb.DBSize(t.Context()).Val(); n != 0 {
				t.Fatalf("got %d keys, want an empty database", n)
			}
			if err := rdb.Set(t.Context(), "k", "v", 0).Err(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestAPrivateServerKeepsItsDataOverAKill(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := storetest.Server(t)
	rdb := s.Client()
	if err := rdb.Set(ctx, "k", "v", 0).Err(); err != nil {
		t.Fatal(err)
	}
	s.Kill()
	s.Kill() // harmless
	if err := rdb.Get(ctx, "k").Err(); err == nil {
		t.Error("a killed server answers")
	}
	s.Start()
	opt, err := redis.ParseURL(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	again := redis.NewClient(opt)
	defer again.Close()
	if got := again.Get(ctx, "k").Val(); got != "v" {
		t.Errorf("got %q after the restart, want v", got)
	}
}

func TestAFrozenServerIsSilent(t *testing.T) {
	t.Parallel()
	s := storetest.Server(t)
	rdb := redis.NewClient(&redis.Options{
		Network: "unix", Addr: s.Socket(), ReadTimeout: 100 * time.Millisecond, MaxRetries: -1,
	})
	defer rdb.Close()
	s.Freeze()
	if err := rdb.Ping(t.Context()).Err(); err == nil {
		t.Error("a frozen server answers")
	}
	s.Thaw()
	if err := s.Client().Ping(t.Context()).Err(); err != nil {
		t.Errorf("ping after the thaw: %v", err)
	}
}
