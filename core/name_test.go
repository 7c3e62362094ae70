package core_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/hearth-faas/hearth/core"
)

const (
	tooFew  = "requirement failed: The fully qualified name of the entity must contain at least the namespace and the name of the entity."
	badName = "The name of the entity contains illegal characters."
	badNS   = "The namespace contains illegal characters."
)

func invalid(t *testing.T, err error, message string) {
	t.Helper()
	refused(t, err, core.KindInvalid, message)
}

func refused(t *testing.T, err error, kind core.Kind, message string) {
	t.Helper()
	if core.KindOf(err) != kind || err.Error() != message {
		t.Errorf("got error %v, want %q, %s", err, message, kind)
	}
}

func TestSegments(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"a", "_", "9", "A b", "a@b.c-d&e", "a.", "a-", "a&", "a@", "x" + strings.Repeat("y", 255), "a  b"} {
		if err := core.ValidSegment(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
		if err := core.ValidNamespace(good); err != nil {
			t.Errorf("namespace %q: %v", good, err)
		}
	}
	for _, bad := range []string{"", " ", " a", "a ", "hi+there", "$hola", "dora?", "|dora|dora?", "a/b", "a\n", "\na", "é", "a\x00", ".a", "-a", "@a", "{a}"} {
		invalid(t, core.ValidSegment(bad), badName)
		invalid(t, core.ValidNamespace(bad), badNS)
	}
	long := strings.Repeat("x", core.MaxNameLength+1)
	invalid(t, core.ValidSegment(long), "Name segement longer than allowed: 257 > 256.")
	invalid(t, core.ValidNamespace(long), "Namespace longer than allowed: 257 > 256.")
}

func TestParseName(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text string
		want       core.Name
		message    string
	}{
		{"two segments", "/ns/a", core.Name{Namespace: "ns", Name: "a"}, ""},
		{"three segments", "/ns/p/a", core.Name{Namespace: "ns", Package: "p", Name: "a"}, ""},
		{"no leading slash", "ns/a", core.Name{Namespace: "ns", Name: "a"}, ""},
		{"own namespace", "/_/p/a", core.Name{Namespace: "me", Package: "p", Name: "a"}, ""},
		{"an action called _", "/ns/_", core.Name{Namespace: "ns", Name: "_"}, ""},
		{"one segment", "/a", core.Name{}, tooFew},
		{"nothing", "", core.Name{}, tooFew},
		{"four segments", "/a/b/c/d", core.Name{}, tooFew},
		{"empty namespace", "//a", core.Name{}, badNS},
		{"empty package", "/ns//a", core.Name{}, badName},
		{"empty name", "/ns/", core.Name{}, badName},
		{"bad package", "/ns/$/a", core.Name{}, badName},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := core.ParseName(c.text, "me")
			if c.message != "" {
				invalid(t, err, c.message)
				return
			}
			if err != nil || got != c.want {
				t.Errorf("got %+v, %v, want %+v", got, err, c.want)
			}
		})
	}
}

// segments draws names of entities.
func segments() *rapid.Generator[string] {
	return rapid.StringMatching(`[A-Za-z0-9_]([A-Za-z0-9_@ .&-]{0,20}[A-Za-z0-9_@.&-])?`)
}

func names() *rapid.Generator[core.Name] {
	return rapid.Custom(func(t *rapid.T) core.Name {
		n := core.Name{Namespace: segments().Draw(t, "namespace"), Name: segments().Draw(t, "name")}
		if rapid.Bool().Draw(t, "packaged") {
			n.Package = segments().Draw(t, "package")
		}
		return n
	})
}

func TestEveryNameComesBackFromItsText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := names().Draw(t, "name")
		if err := n.Valid(); err != nil {
			t.Fatalf("%q: %v", n, err)
		}
		for _, text := range []string{n.String(), n.Full()} {
			if got, err := core.ParseName(text, ""); err != nil || got != n {
				t.Fatalf("%q: got %+v, %v", text, got, err)
			}
		}
		if got := core.ParseLocal(n.Namespace, n.Local()); got != n {
			t.Fatalf("%q: got %+v", n.Local(), got)
		}
		if n.Full() != n.Path()+"/"+n.Name || n.IsZero() {
			t.Fatalf("%q is not under %q", n.Full(), n.Path())
		}
	})
}

func TestNoTextMakesABadName(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n, err := core.ParseName(rapid.String().Draw(t, "text"), "me")
		if err == nil && n.Valid() != nil {
			t.Fatalf("got %+v", n)
		}
		if err != nil && core.KindOf(err) != core.KindInvalid {
			t.Fatalf("got an error of kind %s", core.KindOf(err))
		}
	})
}
