package core_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/hearth-faas/hearth/core"
)

func params(pairs ...string) core.Params {
	var p core.Params
	for i := 0; i < len(pairs); i += 2 {
		p = append(p, core.Param{Key: pairs[i], Value: core.JSON(pairs[i+1])})
	}
	return p
}

func TestMergeKeepsThePlaceOfTheFirstAndTheValueOfTheLast(t *testing.T) {
	t.Parallel()
	got := params("a", `1`, "b", `1`, "a", `2`).Merge(params("b", `3`, "c", `3`, "c", `4`))
	if d := cmp.Diff(got, params("a", `2`, "b", `3`, "c", `4`)); d != "" {
		t.Errorf("got, want:\n%s", d)
	}
	sealed := core.Params{{Key: "a", Value: core.JSON(`"x"`), Init: true, Encryption: "aes-256"}}
	if d := cmp.Diff(params("a", `1`).Merge(sealed), sealed); d != "" {
		t.Errorf("the whole parameter is replaced: got, want:\n%s", d)
	}
}

// lists draws parameters of few keys, so that they meet.
func lists() *rapid.Generator[core.Params] {
	param := rapid.Custom(func(t *rapid.T) core.Param {
		value, err := json.Marshal(rapid.Int().Draw(t, "value"))
		if err != nil {
			t.Fatal(err)
		}
		return core.Param{Key: rapid.StringMatching(`[a-e]`).Draw(t, "key"), Value: value, Init: rapid.Bool().Draw(t, "init")}
	})
	return rapid.Custom(func(t *rapid.T) core.Params {
		return rapid.SliceOfN(param, 0, 8).Draw(t, "params")
	})
}

// last returns the last parameter of the key in the lists.
func last(key string, lists ...core.Params) (core.Param, bool) {
	for _, list := range slices.Backward(lists) {
		for _, p := range slices.Backward(list) {
			if p.Key == key {
				return p, true
			}
		}
	}
	return core.Param{}, false
}

func TestMergeIsAnOverlay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := lists().Draw(t, "a"), lists().Draw(t, "b"), lists().Draw(t, "c")
		before := slices.Clone(a)
		merged := a.Merge(b)
		seen := map[string]bool{}
		for _, p := range merged {
			if seen[p.Key] {
				t.Fatalf("%s twice", p.Key)
			}
			seen[p.Key] = true
			if want, _ := last(p.Key, a, b); cmp.Diff(p, want) != "" {
				t.Fatalf("got %v, want %v", p, want)
			}
		}
		for _, p := range slices.Concat(a, b) {
			if !seen[p.Key] {
				t.Fatalf("%s was lost", p.Key)
			}
		}
		if d := cmp.Diff(a.Merge(b).Merge(c), a.Merge(b.Merge(c))); d != "" {
			t.Fatalf("(a b) c, a (b c):\n%s", d)
		}
		if d := cmp.Diff(merged.Merge(b), merged); d != "" {
			t.Fatalf("the second time:\n%s", d)
		}
		if d := cmp.Diff(a, before); d != "" {
			t.Fatalf("a was changed:\n%s", d)
		}
	})
}

func TestWithAndWithoutAreCopies(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := core.Params(nil).Merge(lists().Draw(t, "p"))
		before := slices.Clone(p)
		key := rapid.StringMatching(`[a-e]`).Draw(t, "key")
		with := p.With(key, core.JSON(`"new"`))
		if v, ok := with.Get(key); !ok || string(v) != `"new"` {
			t.Fatalf("got %s", v)
		}
		without := with.Without(key, "no such key")
		if _, ok := without.Get(key); ok {
			t.Fatal("the key is still there")
		}
		if d := cmp.Diff(without, p.Without(key)); d != "" {
			t.Fatalf("the others, got, want:\n%s", d)
		}
		if d := cmp.Diff(p, before); d != "" {
			t.Fatalf("p was changed:\n%s", d)
		}
	})
}

func TestTruthAsOpenWhiskHasIt(t *testing.T) {
	t.Parallel()
	for value, want := range map[string][2]bool{ // truthy, the JSON value true
		`true`: {true, true}, ` true `: {true, true}, `false`: {}, `null`: {}, `0`: {}, `0.0`: {}, `1`: {true}, `-1`: {true},
		`""`: {}, `"false"`: {true}, `[]`: {}, `[0]`: {true}, `{}`: {}, `{"a":null}`: {true}, `no json`: {},
	} {
		p := params("k", value)
		if got := [2]bool{p.Truthy("k"), p.IsTrue("k")}; got != want {
			t.Errorf("%s: got %v, want %v", value, got, want)
		}
	}
	if p := params("k", `true`); p.Truthy("x") || p.IsTrue("x") {
		t.Error("a missing key is true")
	}
}

func TestStringIsThatOfAJSONString(t *testing.T) {
	t.Parallel()
	p := params("s", `"a\u00e9"`, "n", `1`, "z", `null`)
	for key, want := range map[string]string{"s": "aé", "n": "", "z": "", "x": ""} {
		if got := p.String(key); got != want {
			t.Errorf("%s: got %q, want %q", key, got, want)
		}
	}
}

func TestSizeIsThatOfKeysAndCompactValues(t *testing.T) {
	t.Parallel()
	if got := params("key", "{ \"a\" : [ 1, 2 ] }", "k", `"  "`).Size(); got != len(`key{"a":[1,2]}k"  "`) {
		t.Errorf("got %d", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		p := lists().Draw(t, "p")
		var b bytes.Buffer
		for _, param := range p {
			b.WriteString(param.Key)
			b.Write(param.Value)
		}
		if p.Size() != b.Len() {
			t.Fatalf("got %d, want %d", p.Size(), b.Len())
		}
	})
}
