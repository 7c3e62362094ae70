package enginetest

import (
	"net/url"
	"strings"
	"testing"

	"github.com/hearth-faas/hearth/worker/engine"
)

func testFiles(t *testing.T, target Target) {
	files := map[string][]byte{
		"/var/openfaas/secrets/key":   []byte("of the house\n"),
		"/var/openfaas/secrets/a.b":   {0, 1, 255},
		"/var/openfaas/secrets/empty": {},
	}
	b := Create(t, target, func(s *engine.Spec) { s.Files = files })
	for path, want := range files {
		if got := b.Get(t, "/read?path="+url.QueryEscape(path)); got != string(want) {
			t.Errorf("%s = %q, want %q", path, got, want)
		}
	}
	if got := b.Get(t, "/write?mb=0&path=/var/openfaas/secrets/key"); !strings.HasPrefix(got, "error: ") {
		t.Errorf("a file was written: %s", got)
	}
	if got := b.Get(t, "/read?path=/proc/self/environ"); strings.Contains(got, "of the house") {
		t.Error("a file is in the environment")
	}
	if err := target.Engine.Remove(t.Context(), b.ID); err != nil {
		t.Fatalf("Remove: %v", err)
	}
}
