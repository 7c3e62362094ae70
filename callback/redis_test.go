package callback_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/queue"
	"github.com/hearth-faas/hearth/store"
	"github.com/hearth-faas/hearth/store/seal"
	"github.com/hearth-faas/hearth/store/storetest"
)

// TestCallbacksInEveryKindOfRedis retries, delivers, gives up and redrives.
func TestCallbacksInEveryKindOfRedis(t *testing.T) {
	t.Parallel()
	for kind, open := range map[string]func(t *testing.T) redis.UniversalClient{
		"embedded": func(t *testing.T) redis.UniversalClient {
			rdb := redis.NewClient(&redis.Options{Addr: miniredis.RunT(t).Addr()})
			t.Cleanup(func() { _ = rdb.Close() })
			return rdb
		},
		"cluster": func(t *testing.T) redis.UniversalClient { return storetest.Cluster(t) },
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			w := worldOn(t, open(t))
			rec := receive(t, failing(2))
			w.send(quick())
			ref := w.call(rec.URL, core.FormEnvelope, succeeded(`{}`))
			id := string(ref.ID) + "-end"
			if d := w.delivery(id, core.DeliveryDone); d.Tries != 3 {
				t.Errorf("got %+v", d)
			}
			dead := receive(t, failing(3))
			ref = w.call(dead.URL, core.FormEnvelope, succeeded(`{}`))
			id = string(ref.ID) + "-end"
			w.delivery(id, core.DeliveryDead)
			list, err := w.db.Deliveries(t.Context(), "guest", core.DeliveryDead, 0, 10)
			w.must(err)
			if len(list) != 1 || list[0].ID != id {
				t.Errorf("got %+v", list)
			}
			w.must(w.db.Redrive(t.Context(), "guest", id))
			w.delivery(id, core.DeliveryDone)
			if list, err = w.db.Deliveries(t.Context(), "guest", "", 0, 10); err != nil || len(list) != 2 {
				t.Errorf("got %+v, %v", list, err)
			}
		})
	}
}

// TestSecretsOfCallbacksAreSealed looks for them in all that Redis holds.
func TestSecretsOfCallbacksAreSealed(t *testing.T) {
	t.Parallel()
	const canary = "canary-7d1f"
	rdb := storetest.Redis(t)
	w := worldOn(t, rdb)
	keys, err := seal.Parse(seal.Generate())
	w.must(err)
	w.db = store.NewSealing(rdb, keys)
	w.plane = control.New(w.db, queue.NewClient(rdb), discard(), control.Options{Server: "s"})
	rec := receive(t, failing(1))
	w.put("act", "on-success", rec.URL)
	ref := w.invoke("act", `{"p":"`+canary+`"}`, &core.Callback{URL: rec.URL + "/?token=" + canary, Form: core.FormEnvelope})
	w.finish(ref, succeeded(`{}`))
	secret, err := w.db.SigningSecret(t.Context(), "guest")
	w.must(err)
	dump := everything(t, rdb)
	for _, one := range []string{canary, secret.Secret} {
		if strings.Contains(dump, one) {
			t.Errorf("%s is in redis", one)
		}
	}
	w.send(quick())
	w.delivery(string(ref.ID)+"-end", core.DeliveryDone)
	w.delivery(string(ref.ID)+"-success", core.DeliveryDone)
	found := false
	for _, g := range rec.requests() {
		found = found || strings.Contains(g.body, canary)
		if !signed(g, secret.Secret) {
			t.Error("not signed")
		}
	}
	if !found {
		t.Error("the payload did not reach the destination")
	}
	if dump := everything(t, rdb); strings.Contains(dump, canary) {
		t.Error("the canary is in redis")
	}
}

// everything is all that Redis holds, as text.
func everything(t *testing.T, rdb redis.UniversalClient) string {
	t.Helper()
	var all strings.Builder
	keys, err := rdb.Keys(t.Context(), "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		h, err := rdb.HGetAll(t.Context(), key).Result()
		if err == nil {
			fmt.Fprintln(&all, key, h)
			continue
		}
		fmt.Fprintln(&all, key)
	}
	return all.String()
}
