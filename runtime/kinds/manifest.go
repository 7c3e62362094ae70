package kinds

import (
	_ "embed"
	"slices"
	"strings"

	"github.com/hearth-faas/hearth/core"
)

//go:embed kinds.json
var embedded []byte

// Manifest is a set of kinds. It does not change and may be shared.
type Manifest struct {
	families   []Family
	kinds      map[string]Kind
	blackboxes []blackbox
}

// blackbox is an image of blackbox actions that the manifest lists.
type blackbox struct {
	name  string // a reference
	fixed bool   // the kind's image runs, whatever the tag that is asked for
	kind  Kind
}

// Family is the kinds of one language, in the manifest's order. Exactly one
// of them is the default.
type Family struct {
	Name  string
	Kinds []Kind
}

// Default returns the manifest that this project ships.
func Default() *Manifest {
	m, err := Parse(embedded)
	if err != nil {
		panic("the embedded runtimes manifest is wrong: " + err.Error())
	}
	return m
}

// Families lists all kinds, sorted by the name of their family.
func (m *Manifest) Families() []Family { return slices.Clone(m.families) }

// Names lists the names of all kinds, sorted.
func (m *Manifest) Names() []string {
	names := make([]string, 0, len(m.kinds))
	for name := range m.kinds {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Lookup finds a kind by its exact name.
func (m *Manifest) Lookup(name string) (Kind, bool) {
	k, ok := m.kinds[name]
	return k, ok
}

// Resolve finds the kind that a client means: an exact name, "family:default",
// or a version finer than the manifest knows, so that "python:3.12" is
// "python:3". Case and surrounding space do not matter. The Name of the
// returned Kind is the one to store.
func (m *Manifest) Resolve(name string) (Kind, bool) {
	name = strings.ToLower(strings.TrimSpace(name))
	if k, ok := m.kinds[name]; ok {
		return k, true
	}
	if family, ok := strings.CutSuffix(name, ":default"); ok {
		return m.familyDefault(family)
	}
	for {
		dot := strings.LastIndexByte(name, '.')
		if dot < strings.IndexByte(name, ':')+2 {
			return Kind{}, false
		}
		name = name[:dot]
		if k, ok := m.kinds[name]; ok {
			return k, true
		}
	}
}

func (m *Manifest) familyDefault(name string) (Kind, bool) {
	for _, f := range m.families {
		if f.Name != name {
			continue
		}
		i := slices.IndexFunc(f.Kinds, func(k Kind) bool { return k.Default })
		return f.Kinds[i], true
	}
	return Kind{}, false
}

// Blackbox describes the image of a blackbox action. Images that are not in
// the manifest are foreign, and nothing says whether they write sentinels.
// known says whether the manifest lists the image, whatever its tag: listed
// images are fetched only when they are absent. The Image of the kind is
// another one where the manifest has one run instead.
func (m *Manifest) Blackbox(image string) (kind Kind, known bool) {
	for _, b := range m.blackboxes {
		if b.name == image {
			return b.kind, true
		}
	}
	for _, b := range m.blackboxes {
		if untagged(b.name) != untagged(image) {
			continue
		}
		if !b.fixed {
			b.kind.Image = image
		}
		return b.kind, true
	}
	return Kind{Name: core.KindBlackbox, Image: image, Foreign: true}, false
}

// untagged cuts the tag or digest off a reference. A colon before the last
// slash belongs to a registry's port.
func untagged(ref string) string {
	ref, _, _ = strings.Cut(ref, "@")
	if i := strings.LastIndexByte(ref, ':'); i > strings.LastIndexByte(ref, '/') {
		return ref[:i]
	}
	return ref
}
