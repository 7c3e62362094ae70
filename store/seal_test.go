package store_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
	"github.com/hearth-faas/hearth/store/seal"
)

const canary = "canary-9f3b"

func keysOfText(t *testing.T, texts ...[]byte) *seal.Keys {
	t.Helper()
	keys, err := seal.Parse(bytes.Join(texts, nil))
	must(t, err)
	return keys
}

// secrets are parameters whose values nobody shall find in Redis.
func secrets() core.Params {
	return core.Params{
		{Key: "text", Value: core.JSON(`"` + canary + `"`)},
		{Key: "object", Value: core.JSON(`{"a":["` + canary + `",1.50]}`), Init: true},
	}
}

// hashes is all that lies in the hashes of Redis.
func hashes(t *testing.T, rdb redis.UniversalClient) string {
	t.Helper()
	keys, err := rdb.Keys(t.Context(), "hearth:*").Result()
	must(t, err)
	var b strings.Builder
	for _, key := range keys {
		if rdb.Type(t.Context(), key).Val() == "hash" {
			fmt.Fprintln(&b, key, rdb.HGetAll(t.Context(), key).Val())
		}
	}
	return b.String()
}

// putSecrets writes an action, a package and a trigger with secrets.
func putSecrets(t *testing.T, db *store.DB) {
	t.Helper()
	a, p, tr := action("a"), pkg("p"), trigger("t")
	a.Params, p.Params, tr.Params = secrets(), secrets(), secrets()
	must(t, db.PutAction(t.Context(), a, ""))
	must(t, db.PutPackage(t.Context(), p, ""))
	must(t, db.PutTrigger(t.Context(), tr, ""))
}

// wantSecrets reads what putSecrets has written, in every way that there is.
func wantSecrets(t *testing.T, db *store.DB, cipher string) {
	t.Helper()
	ctx := t.Context()
	want := secrets()
	for i := range want {
		want[i].Encryption = cipher
	}
	a, err := db.Action(ctx, name("a"), false)
	must(t, err)
	p, err := db.Package(ctx, name("p"))
	must(t, err)
	tr, err := db.Trigger(ctx, name("t"))
	must(t, err)
	listed, err := db.Triggers(ctx, "guest", 0, 0)
	must(t, err)
	l, err := db.Lookup(ctx, name("a"), false)
	must(t, err)
	must(t, l.ActionErr)
	for what, got := range map[string]core.Params{
		"action": a.Params, "package": p.Params, "trigger": tr.Params, "list": listed[0].Params, "lookup": l.Action.Params,
	} {
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", what, diff)
		}
	}
}

func TestParametersAreSealedAtRest(t *testing.T) {
	t.Parallel()
	plain, rdb := setup(t)
	text := seal.Generate()
	db := store.NewSealing(rdb, keysOfText(t, text))
	putSecrets(t, db)
	wantSecrets(t, db, seal.Cipher)
	if held := hashes(t, rdb); strings.Contains(held, canary) || !strings.Contains(held, seal.Cipher) {
		t.Errorf("what Redis holds:\n%s", held)
	}
	other := store.NewSealing(rdb, keysOfText(t, text))
	wantSecrets(t, other, seal.Cipher)
	for what, db := range map[string]*store.DB{"without keys": plain, "with another key": store.NewSealing(rdb, keysOfText(t, seal.Generate()))} {
		if _, err := db.Package(t.Context(), name("p")); err == nil {
			t.Errorf("%s: it was read", what)
		} else {
			wantErr(t, err, store.ErrCorrupt)
			wantErr(t, err, seal.ErrNoKey)
		}
	}
}

func TestASealedValueDoesNotOpenElsewhere(t *testing.T) {
	t.Parallel()
	_, rdb := setup(t)
	db := store.NewSealing(rdb, keysOfText(t, seal.Generate()))
	putSecrets(t, db)
	_, err := db.CreateNamespace(t.Context(), "thief")
	must(t, err)
	stolen := rdb.HGetAll(t.Context(), "hearth:{guest}:entity:p").Val()
	must(t, rdb.HSet(t.Context(), "hearth:{thief}:entity:p", stolen).Err())
	_, err = db.Package(t.Context(), core.Name{Namespace: "thief", Name: "p"})
	wantErr(t, err, seal.ErrBroken)
}

func TestWhatIsNotSealedStaysReadable(t *testing.T) {
	t.Parallel()
	plain, rdb := setup(t)
	putSecrets(t, plain)
	db := store.NewSealing(rdb, keysOfText(t, seal.Generate()))
	wantSecrets(t, db, "")
	p, err := db.Package(t.Context(), name("p"))
	must(t, err)
	must(t, db.PutPackage(t.Context(), p, p.Revision))
	if held := rdb.HGet(t.Context(), "hearth:{guest}:entity:p", "doc").Val(); strings.Contains(held, canary) {
		t.Errorf("it is not sealed by the next write: %s", held)
	}
}

func TestAClientDoesNotSayWhatIsSealed(t *testing.T) {
	t.Parallel()
	db, _ := setup(t)
	p := pkg("p")
	p.Params = core.Params{{Key: "a", Value: core.JSON(`"b"`), Encryption: seal.Cipher}}
	must(t, db.PutPackage(t.Context(), p, ""))
	got, err := db.Package(t.Context(), name("p"))
	must(t, err)
	if got.Params[0].Encryption != "" || string(got.Params[0].Value) != `"b"` {
		t.Errorf("got %+v", got.Params[0])
	}
}

func TestKeysAreRotated(t *testing.T) {
	t.Parallel()
	plain, rdb := setup(t)
	ctx := t.Context()
	old, fresh := seal.Generate(), seal.Generate()
	before := store.NewSealing(rdb, keysOfText(t, old))
	must(t, plain.CheckSeal(ctx))
	must(t, before.CheckSeal(ctx))
	putSecrets(t, before)
	if err := plain.CheckSeal(ctx); err == nil {
		t.Error("a process without the key may start")
	}
	ready := store.NewSealing(rdb, keysOfText(t, old, fresh))
	must(t, ready.CheckSeal(ctx))
	after := store.NewSealing(rdb, keysOfText(t, fresh, old))
	must(t, after.CheckSeal(ctx))
	wantSecrets(t, after, seal.Cipher)
	p, err := after.Package(ctx, name("p"))
	must(t, err)
	must(t, after.PutPackage(ctx, p, p.Revision))
	wantSecrets(t, ready, seal.Cipher)
	if _, err := before.Package(ctx, name("p")); err == nil {
		t.Error("the old key opens what the new one has sealed")
	}
	if err := before.CheckSeal(ctx); err == nil {
		t.Error("a process with the old key alone may start")
	}
}

func TestActivationsAreSealedUntilTheyEnd(t *testing.T) {
	t.Parallel()
	_, rdb := setup(t)
	db := store.NewSealing(rdb, keysOfText(t, seal.Generate()))
	ctx := t.Context()
	a := &core.Activation{
		Ref: core.Ref{Namespace: "guest", ID: core.NewActivationID()}, Action: name("a"), State: core.StateQueued,
		Limits: core.DefaultLimits(), Input: core.JSON(`{"x":"` + canary + `"}`), Env: secrets(), APIKey: "uuid:" + canary,
	}
	parent := &core.Activation{
		Ref: core.Ref{Namespace: "guest", ID: core.NewActivationID()}, Action: name("s"), State: core.StateRunning, Limits: core.DefaultLimits(),
	}
	progress := core.JSON(`{"payload":"` + canary + `"}`)
	must(t, db.Create(ctx, []store.Creation{{Activation: a}, {Activation: parent, Progress: progress}}))
	if held := hashes(t, rdb); strings.Contains(held, canary) {
		t.Errorf("what Redis holds:\n%s", held)
	}
	got, _, err := db.Claim(ctx, a.Ref, "worker", "claim")
	must(t, err)
	if string(got.Input) != string(a.Input) || got.APIKey != a.APIKey || cmp.Diff(got.Env, a.Env) != "" {
		t.Errorf("claimed %s %s %v", got.Input, got.APIKey, got.Env)
	}
	r, err := db.Activation(ctx, parent.Ref)
	must(t, err)
	if string(r.Progress) != string(progress) {
		t.Errorf("got progress %s", r.Progress)
	}
	if _, err := store.New(rdb).Activation(ctx, parent.Ref); err == nil {
		t.Error("it was read without a key")
	}
}
