package store_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/store"
	"github.com/hearth-faas/hearth/store/seal"
)

func TestSecretsAreReadAsWritten(t *testing.T) {
	t.Parallel()
	sealing := keysOfText(t, seal.Generate())
	for name, keys := range map[string]*seal.Keys{"in the clear": nil, "sealed": sealing} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, rdb := setup(t)
			db, ctx := store.NewSealing(rdb, keys), t.Context()
			want := map[string][]byte{
				"text": []byte(canary + "\n"), "binary": {0, 255, 10}, "empty": {}, "odd": []byte("sealed:no"),
			}
			for name, value := range want {
				must(t, db.PutSecret(ctx, "guest", name, value, store.CreateSecret))
			}
			got, err := db.Secrets(ctx, "guest", []string{"text", "missing", "binary", "empty", "odd"})
			must(t, err)
			if d := cmp.Diff(got, want, cmpopts.EquateEmpty()); d != "" {
				t.Errorf("got, want:\n%s", d)
			}
			names, err := db.SecretNames(ctx, "guest")
			must(t, err)
			if d := cmp.Diff(names, []string{"binary", "empty", "odd", "text"}); d != "" {
				t.Errorf("names: got, want:\n%s", d)
			}
			if found := strings.Contains(hashes(t, rdb), canary); found != (keys == nil) {
				t.Errorf("values in the clear: %v", found)
			}
		})
	}
}

func TestWritesOfASecretSayWhatTheyExpect(t *testing.T) {
	t.Parallel()
	db, _ := setup(t)
	ctx := t.Context()
	if err := db.PutSecret(ctx, "guest", "s", []byte("1"), store.UpdateSecret); core.KindOf(err) != core.KindNotFound {
		t.Errorf("update of nothing: %v", err)
	}
	if err := db.DeleteSecret(ctx, "guest", "s"); core.KindOf(err) != core.KindNotFound {
		t.Errorf("delete of nothing: %v", err)
	}
	must(t, db.PutSecret(ctx, "guest", "s", []byte("1"), store.CreateSecret))
	if err := db.PutSecret(ctx, "guest", "s", []byte("2"), store.CreateSecret); core.KindOf(err) != core.KindConflict {
		t.Errorf("created twice: %v", err)
	}
	must(t, db.PutSecret(ctx, "guest", "s", []byte("3"), store.UpdateSecret))
	got, err := db.Secrets(ctx, "guest", []string{"s"})
	must(t, err)
	if d := cmp.Diff(got, map[string][]byte{"s": []byte("3")}); d != "" {
		t.Errorf("got, want:\n%s", d)
	}
	must(t, db.DeleteSecret(ctx, "guest", "s"))
	if got, err := db.Secrets(ctx, "guest", []string{"s"}); err != nil || len(got) != 0 {
		t.Errorf("after its deletion: %v, %v", got, err)
	}
}
