package kinds

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hearth-faas/hearth/core"
)

// manifestJSON is the document. What it does not name is passed over, so that
// OpenWhisk's own files are accepted as they are.
type manifestJSON struct {
	Runtimes   map[string][]kindJSON `json:"runtimes"`
	Blackboxes []blackboxJSON        `json:"blackboxes"`
}

// blackboxJSON is the image of blackbox actions that is known.
type blackboxJSON struct {
	imageJSON
	OCIRuntime string `json:"ociRuntime"`
	// Instead is run in its place; OpenWhisk's format has no such field.
	Instead *imageJSON `json:"instead"`
}

type kindJSON struct {
	Kind            string          `json:"kind"`
	Default         bool            `json:"default"`
	Deprecated      bool            `json:"deprecated"`
	RequireMain     bool            `json:"requireMain"`
	SentinelledLogs *bool           `json:"sentinelledLogs"`
	Attached        json.RawMessage `json:"attached"`
	OCIRuntime      string          `json:"ociRuntime"`
	Image           imageJSON       `json:"image"`
	StemCells       []StemCell      `json:"stemCells"`
}

// Parse reads a manifest. Each family has one default: its only kind, or the
// one that says so; several or none are an error, and so are a kind that is
// named twice, a kind without an image, and a manifest without kinds.
func Parse(data []byte) (*Manifest, error) {
	var doc manifestJSON
	if err := json.Unmarshal(data, &doc); err != nil {
		return nil, fmt.Errorf("read runtimes manifest: %w", err)
	}
	m := &Manifest{kinds: make(map[string]Kind)}
	for _, name := range slices.Sorted(maps.Keys(doc.Runtimes)) {
		family, err := parseFamily(name, doc.Runtimes[name])
		if err != nil {
			return nil, fmt.Errorf("runtimes manifest: family %q: %w", name, err)
		}
		for _, k := range family.Kinds {
			if _, twice := m.kinds[k.Name]; twice {
				return nil, fmt.Errorf("runtimes manifest: kind %q is there twice", k.Name)
			}
			m.kinds[k.Name] = k
		}
		m.families = append(m.families, family)
	}
	if len(m.kinds) == 0 {
		return nil, errors.New("runtimes manifest: no kinds in it")
	}
	for i, image := range doc.Blackboxes {
		if image.Name == "" {
			return nil, fmt.Errorf("runtimes manifest: blackbox %d has no name", i)
		}
		runs := image.imageJSON
		if image.Instead != nil {
			runs = *image.Instead
		}
		if runs.Name == "" {
			return nil, fmt.Errorf("runtimes manifest: what runs instead of blackbox %d has no name", i)
		}
		m.blackboxes = append(m.blackboxes, blackbox{
			name: image.reference(), fixed: image.Instead != nil,
			kind: Kind{
				Name: core.KindBlackbox, Image: runs.reference(), Sentinelled: true, Foreign: runs.foreign(),
				Runtime: image.OCIRuntime,
			},
		})
	}
	return m, nil
}

func parseFamily(name string, docs []kindJSON) (Family, error) {
	family := Family{Name: name}
	defaults := 0
	for _, doc := range docs {
		k, err := parseKind(name, doc)
		if err != nil {
			return Family{}, err
		}
		if len(docs) == 1 {
			k.Default = true
		}
		if k.Default {
			defaults++
		}
		family.Kinds = append(family.Kinds, k)
	}
	if name != strings.ToLower(strings.TrimSpace(name)) || name == "" {
		return Family{}, errors.New("its name is not lower-case")
	}
	if defaults != 1 {
		return Family{}, fmt.Errorf("%d kinds are the default, and one must be", defaults)
	}
	return family, nil
}

func parseKind(family string, doc kindJSON) (Kind, error) {
	name := strings.ToLower(strings.TrimSpace(doc.Kind))
	switch {
	case name == "" || name == core.KindSequence || name == core.KindBlackbox || strings.HasSuffix(name, ":default"):
		return Kind{}, fmt.Errorf("%q cannot be the name of a kind", doc.Kind)
	case doc.Image.Name == "":
		return Kind{}, fmt.Errorf("kind %q has no image", name)
	}
	return Kind{
		Name:        name,
		Family:      family,
		Image:       doc.Image.reference(),
		Default:     doc.Default,
		Deprecated:  doc.Deprecated,
		RequireMain: doc.RequireMain,
		Attached:    len(doc.Attached) > 0 && string(doc.Attached) != "null",
		Sentinelled: doc.SentinelledLogs == nil || *doc.SentinelledLogs,
		Foreign:     doc.Image.foreign(),
		Runtime:     doc.OCIRuntime,
		StemCells:   doc.StemCells,
	}, nil
}
