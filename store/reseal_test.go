package store_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
	"github.com/hearth-faas/hearth/store/seal"
)

func TestAfterResealTheNewKeyAloneOpensEverything(t *testing.T) {
	t.Parallel()
	plain, rdb := setup(t)
	ctx := t.Context()
	oldKey, newKey := seal.Generate(), seal.Generate()
	before := store.NewSealing(rdb, keysOfText(t, oldKey))
	putSecrets(t, before)
	inTheClear := action("clear")
	inTheClear.Params = secrets()
	must(t, plain.PutAction(ctx, inTheClear, ""))
	must(t, before.PutSecret(ctx, "guest", "token", []byte("value"), store.CreateSecret))
	must(t, before.PutHook(ctx, name("t"), store.Hook{}, []byte("hook")))
	api := core.API{BasePath: "/b", Title: "b", Routes: []core.Route{
		{Method: "get", Path: "/open", Action: name("a"), Format: "json"},
		{Method: "get", Path: "/locked", Action: name("a"), Format: "json", SecureKey: "key"},
	}}
	must(t, before.PutAPI(ctx, "guest", api, true))
	was, err := before.Action(ctx, name("a"), false)
	must(t, err)

	n, err := store.NewSealing(rdb, keysOfText(t, newKey, oldKey)).Reseal(ctx)
	if want := 7; err != nil || n != want { // a, clear, p, t, its webhook, the secret, a route
		t.Fatalf("got %d, %v, want %d", n, err, want)
	}
	after := store.NewSealing(rdb, keysOfText(t, newKey))
	wantSecrets(t, after, seal.Cipher)
	is, err := after.Action(ctx, name("a"), false)
	must(t, err)
	if diff := cmp.Diff(was, is); diff != "" {
		t.Errorf("the action is another:\n%s", diff)
	}
	clear, err := after.Action(ctx, name("clear"), false)
	must(t, err)
	if clear.Params[0].Encryption != seal.Cipher || string(clear.Params[0].Value) != `"`+canary+`"` {
		t.Errorf("got %+v, want it sealed", clear.Params[0])
	}
	values, err := after.Secrets(ctx, "guest", []string{"token"})
	must(t, err)
	hook, err := after.Hook(ctx, name("t"))
	must(t, err)
	apis, err := after.APIs(ctx, "guest", []string{"/b"})
	must(t, err)
	if string(values["token"]) != "value" || string(hook.Doc) != "hook" || len(apis) != 1 || len(apis[0].Routes) != 2 || apis[0].Routes[0].SecureKey != "key" {
		t.Errorf("got %q, %q, %+v", values["token"], hook.Doc, apis)
	}
	wantSound(t, after)
}

func TestResealNeedsKeys(t *testing.T) {
	t.Parallel()
	plain, rdb := setup(t)
	putSecrets(t, store.NewSealing(rdb, keysOfText(t, seal.Generate())))
	if _, err := plain.Reseal(t.Context()); core.KindOf(err) != core.KindInvalid {
		t.Errorf("without any: got %v", err)
	}
	other := store.NewSealing(rdb, keysOfText(t, seal.Generate()))
	if n, err := other.Reseal(t.Context()); err == nil || n != 0 {
		t.Errorf("without the old one: got %d, %v", n, err)
	}
}
