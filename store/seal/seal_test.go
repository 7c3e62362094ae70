package seal_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/hearth-faas/hearth/store/seal"
)

func parse(t *testing.T, text []byte) *seal.Keys {
	t.Helper()
	k, err := seal.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestSealedValuesOpenWithTheirKeyAtTheirPlace(t *testing.T) {
	t.Parallel()
	old, fresh := seal.Generate(), seal.Generate()
	before := parse(t, old)
	rotated := parse(t, append(bytes.Clone(fresh), old...))
	for _, value := range []string{"", `"x"`, strings.Repeat("long ", 100_000)} {
		sealed := before.Seal([]byte(value), "here")
		if value != "" && strings.Contains(sealed, value) {
			t.Errorf("%.10q can be read", value)
		}
		for name, keys := range map[string]*seal.Keys{"the key": before, "the keys after a rotation": rotated} {
			if got, err := keys.Open(sealed, "here"); err != nil || string(got) != value {
				t.Errorf("%.10q: %s: got %.10q, %v", value, name, got, err)
			}
		}
		if before.Seal([]byte(value), "here") == sealed {
			t.Errorf("%.10q: sealed twice it looks the same", value)
		}
	}
	if rotated.ID() == before.ID() || !rotated.Has(before.ID()) || before.Has(rotated.ID()) {
		t.Errorf("the keys after a rotation: first %s, before %s", rotated.ID(), before.ID())
	}
}

func TestWhatDoesNotOpen(t *testing.T) {
	t.Parallel()
	keys := parse(t, seal.Generate())
	sealed := keys.Seal([]byte("x"), "here")
	changed := []byte(sealed)
	if i := len(changed) - 3; changed[i] == 'A' {
		changed[i] = 'B'
	} else {
		changed[i] = 'A'
	}
	for _, c := range []struct {
		name   string
		keys   *seal.Keys
		sealed string
		place  string
		want   error
	}{
		{"another place", keys, sealed, "there", seal.ErrBroken},
		{"changed", keys, string(changed), "here", seal.ErrBroken},
		{"cut off", keys, sealed[:12], "here", seal.ErrBroken},
		{"no base64", keys, keys.ID() + ".%", "here", seal.ErrBroken},
		{"another key", parse(t, seal.Generate()), sealed, "here", seal.ErrNoKey},
		{"no keys", nil, sealed, "here", seal.ErrNoKey},
		{"not sealed", keys, `"x"`, "here", seal.ErrNoKey},
	} {
		if got, err := c.keys.Open(c.sealed, c.place); !errors.Is(err, c.want) {
			t.Errorf("%s: got %q, %v, want %v", c.name, got, err, c.want)
		}
	}
}

func TestKeyFiles(t *testing.T) {
	t.Parallel()
	const key = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
	if k := parse(t, []byte("\n# a comment\r\n  "+key+"  \r\n")); !k.Has(k.ID()) {
		t.Error("the key is not there")
	}
	for _, text := range []string{"", "# nothing\n", key[2:], key + "00", "x" + key[1:]} {
		_, err := seal.Parse([]byte(text))
		if err == nil {
			t.Errorf("%q was accepted", text)
			continue
		}
		if len(text) > 20 && strings.Contains(err.Error(), text[2:20]) {
			t.Errorf("the error shows the key: %v", err)
		}
	}
}
