package store_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hearth-faas/hearth/core"
)

// TestStoredFormsAreThoseOfTheReleases pins what is in people's databases. A
// difference here needs a migration, and then HEARTH_GOLDEN=write.
func TestStoredFormsAreThoseOfTheReleases(t *testing.T) {
	t.Parallel()
	db, rdb := setup(t)
	ctx := t.Context()
	sequence := action("sequence")
	sequence.Exec = core.Exec{Kind: core.KindSequence, Components: []core.Name{name("a"), {Namespace: "whisk.system", Package: "utils", Name: "cat"}}}
	sequence.Limits = core.DefaultLimits()
	blackbox := action("blackbox")
	blackbox.Exec = core.Exec{Kind: core.KindBlackbox, Image: "example/image:1", Code: []byte("QUJD"), Binary: true}
	bound := pkg("binding")
	bound.Binding = core.Name{Namespace: "whisk.system", Name: "utils"}
	plain := pkg("package")
	plain.Params = core.Params{{Key: "a", Value: core.JSON(`[1,2.50]`)}}
	tr := trigger("trigger")
	tr.Params = core.Params{{Key: "a", Value: core.JSON(`"b"`)}}
	for _, a := range []*core.Action{action("action"), sequence, blackbox, function("function")} {
		must(t, db.PutAction(ctx, a, ""))
	}
	must(t, db.PutPackage(ctx, plain, ""))
	must(t, db.PutPackage(ctx, bound, ""))
	must(t, db.PutTrigger(ctx, tr, ""))
	must(t, db.PutRule(ctx, rule("rule", "trigger", "sequence"), nil))
	n, no := 60, false
	quota := core.Quota{
		InvocationsPerMinute: &n, FiresPerMinute: &n, ConcurrentInvocations: &n,
		AllowedKinds: []string{"nodejs:24"}, StoreActivations: &no,
	}
	must(t, db.SetQuota(ctx, "guest", quota))

	for _, file := range []string{"action", "sequence", "blackbox", "function", "package", "binding", "trigger", "rule"} {
		fields := rdb.HGetAll(ctx, "hearth:{guest}:entity:"+file).Val()
		delete(fields, "revision")
		delete(fields, "updated")
		golden(t, file, fields)
	}
	golden(t, "links", rdb.HGetAll(ctx, "hearth:{guest}:links:trigger").Val())
	golden(t, "quota", map[string]string{"quota": rdb.HGet(ctx, "hearth:namespace:guest", "quota").Val()})
}

// golden compares the fields of a hash with a file: the document as JSON, so
// that a reviewer can read it, the others as text.
func golden(t *testing.T, file string, fields map[string]string) {
	t.Helper()
	shown := map[string]any{}
	for field, value := range fields {
		shown[field] = value
		if field == "doc" || field == "quota" {
			shown[field] = json.RawMessage(value)
		}
	}
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	must(t, enc.Encode(shown))
	path := filepath.Join("testdata", file+".json")
	if os.Getenv("HEARTH_GOLDEN") == "write" {
		must(t, os.MkdirAll("testdata", 0o755))
		must(t, os.WriteFile(path, text.Bytes(), 0o644))
		return
	}
	want, err := os.ReadFile(path)
	must(t, err)
	if d := cmp.Diff(text.String(), string(want)); d != "" {
		t.Errorf("%s: got, want:\n%s", path, d)
	}
}
