package core_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/hearth-faas/hearth/core"
)

func TestVersionsAreReadLeniently(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]core.Version{
		"1.2.3": {Major: 1, Minor: 2, Patch: 3}, "1": {Major: 1}, "1.2": {Major: 1, Minor: 2},
		"0.0.1": core.FirstVersion, "01.002.0003": {Major: 1, Minor: 2, Patch: 3},
	} {
		if got, err := core.ParseVersion(text); err != nil || got != want {
			t.Errorf("%q: got %v, %v, want %v", text, got, err, want)
		}
	}
	for _, bad := range []string{"", "0", "0.0.0", "-1.0.0", "1.-2.0", "1.2.3.4", "a", "1.", "1.2.x", " 1", "99999999999999999999"} {
		_, err := core.ParseVersion(bad)
		invalid(t, err, "bad semantic version "+bad)
	}
}

func TestVersionsComeBackAndGrow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.IntRange(0, 1<<30)
		v := core.Version{Major: number.Draw(t, "major"), Minor: number.Draw(t, "minor"), Patch: number.Draw(t, "patch")}
		next := v.Next()
		if next.Patch != v.Patch+1 || next.Major != v.Major || next.Minor != v.Minor {
			t.Fatalf("%s is followed by %s", v, next)
		}
		if got, err := core.ParseVersion(next.String()); err != nil || got != next {
			t.Fatalf("%s: got %s, %v", next, got, err)
		}
	})
}
