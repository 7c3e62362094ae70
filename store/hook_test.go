package store_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
	"github.com/hearth-faas/hearth/store/seal"
	"github.com/hearth-faas/hearth/store/storetest"
)

var hooked = core.Name{Namespace: "guest", Name: "push"} //nolint:gochecknoglobals // a constant in all but form

func sealing(t *testing.T, rdb redis.UniversalClient) *store.DB {
	t.Helper()
	keys, err := seal.Parse(seal.Generate())
	must(t, err)
	return store.NewSealing(rdb, keys)
}

func TestAWebhookIsReplacedOnlyByWhoKnowsIt(t *testing.T) {
	t.Parallel()
	db := sealing(t, storetest.Redis(t))
	if _, err := db.Hook(t.Context(), hooked); !errors.Is(err, store.ErrNotFound) {
		t.Fatalf("got %v, want that there is none", err)
	}
	must(t, db.PutHook(t.Context(), hooked, store.Hook{}, []byte("one")))
	if err := db.PutHook(t.Context(), hooked, store.Hook{}, []byte("two")); !errors.Is(err, store.ErrChanged) {
		t.Errorf("got %v, want a refusal", err)
	}
	old, err := db.Hook(t.Context(), hooked)
	must(t, err)
	must(t, db.PutHook(t.Context(), hooked, old, []byte("two")))
	if now, err := db.Hook(t.Context(), hooked); err != nil || string(now.Doc) != "two" {
		t.Errorf("got %q, %v", now.Doc, err)
	}
	must(t, db.DropHook(t.Context(), hooked))
	if _, err := db.Hook(t.Context(), hooked); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("got %v, want that there is none", err)
	}
}

func TestSecretsAndBodiesAreSealed(t *testing.T) {
	t.Parallel()
	rdb := storetest.Redis(t)
	db := sealing(t, rdb)
	const canary = "canary-5f1e"
	must(t, db.PutHook(t.Context(), hooked, store.Hook{}, []byte(canary)))
	_, err := db.TakeIn(t.Context(), intake("1", "m"))
	must(t, err)
	must(t, db.PutReceipt(t.Context(), hooked, store.Receipt{
		ID: "r", Activation: "a", Headers: core.JSON(`{"h":"` + canary + `"}`), Payload: core.JSON(`{"p":"` + canary + `"}`),
	}))
	keys, err := rdb.Keys(t.Context(), "*").Result()
	must(t, err)
	if len(keys) < 4 {
		t.Errorf("got keys %v", keys)
	}
	for _, key := range keys {
		if strings.HasSuffix(key, "}") {
			continue // the stream of events, which is not sealed
		}
		if text, err := rdb.Dump(t.Context(), key).Result(); err != nil || strings.Contains(text, canary) {
			t.Errorf("%s shows the secret: %v", key, err)
		}
	}
	list, err := db.Receipts(t.Context(), hooked)
	must(t, err)
	if len(list) != 2 || !strings.Contains(string(list[1].Payload)+string(list[0].Payload), canary) {
		t.Errorf("got %+v", list)
	}
}

func intake(id string, marks ...string) store.Intake {
	return store.Intake{
		Events: []store.Event{{Trigger: hooked, ID: core.ActivationID(id), Payload: core.JSON(`{}`), Source: "webhook"}},
		Marks:  marks, Window: time.Hour, Receipt: store.Receipt{ID: id, At: time.Now(), Verdict: "accepted"},
	}
}

func TestADeliveryIsTakenInOnceForEachOfItsMarks(t *testing.T) {
	t.Parallel()
	db := store.New(storetest.Redis(t))
	var took sync.Map
	var all sync.WaitGroup
	for i := range 20 {
		id := string(rune('a' + i))
		all.Go(func() {
			before, err := db.TakeIn(context.WithoutCancel(t.Context()), intake(id, "delivery", "bytes"))
			if err != nil {
				t.Error(err)
			}
			if before == "" {
				before = core.ActivationID(id)
			}
			took.Store(before, true)
		})
	}
	all.Wait()
	n := 0
	took.Range(func(any, any) bool { n++; return true })
	if n != 1 {
		t.Errorf("20 deliveries of the same became %d events", n)
	}
	for _, mark := range []string{"delivery", "bytes"} {
		if before, err := db.TakeIn(t.Context(), intake("other", "new", mark)); err != nil || before == "" {
			t.Errorf("one with the same %s was taken for new: %v", mark, err)
		}
	}
	if before, err := db.TakeIn(t.Context(), intake("other", "new")); err != nil || before != "" {
		t.Errorf("a new one was taken for %q: %v", before, err)
	}
	if waiting, err := db.WaitingEvents(t.Context()); err != nil || waiting != 2 {
		t.Errorf("got %d events, %v; want 2", waiting, err)
	}
}

func TestOnlyTheLastDeliveriesAreRemembered(t *testing.T) {
	t.Parallel()
	db := store.New(storetest.Redis(t))
	for range 150 {
		must(t, db.PutReceipt(t.Context(), hooked, store.Receipt{At: time.Now(), Verdict: "refused"}))
	}
	_, err := db.TakeIn(t.Context(), intake("1"))
	must(t, err)
	list, err := db.Receipts(t.Context(), hooked)
	must(t, err)
	if len(list) != 101 || list[0].Activation != "1" {
		t.Errorf("got %d, the latest %+v; want 100 refused and one accepted", len(list), list[0])
	}
}
