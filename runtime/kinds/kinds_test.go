package kinds_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearth-faas/hearth/runtime/kinds"
)

func TestDefaultHasTheKindsThatTheProjectBuilds(t *testing.T) {
	t.Parallel()
	m := kinds.Default()
	for asked, want := range map[string]string{
		"nodejs:default": "hearth/runtime-nodejs:24",
		"nodejs:24":      "hearth/runtime-nodejs:24",
		"nodejs:22":      "hearth/runtime-nodejs:22",
		"python:default": "hearth/runtime-python:3",
		"python:3.11":    "hearth/runtime-python:3",
		"go:default":     "hearth/runtime-go:1",
		"ruby:default":   "hearth/runtime-ruby:3",
		"php:default":    "hearth/runtime-php:8",
		"java:default":   "hearth/runtime-java:21",
	} {
		k, ok := m.Resolve(asked)
		if !ok || k.Image != want || k.Foreign || !k.Sentinelled {
			t.Errorf("%s: got %+v, %v, want a sentinelled image of ours, %s", asked, k, ok, want)
		}
	}
}

func TestParseReadsAllThatTheFormatHas(t *testing.T) {
	t.Parallel()
	m, err := kinds.Parse([]byte(`{"runtimes": {"nodejs": [
		{"kind": "nodejs:18", "deprecated": true, "sentinelledLogs": false,
		 "image": {"registry": "reg.example:5000", "prefix": "openwhisk", "name": "action-nodejs-v18", "tag": "nightly"}},
		{"kind": " NodeJS:20 ", "default": true, "attached": {"attachmentName": "a", "attachmentType": "t"},
		 "image": {"prefix": "mirror/hearth", "name": "runtime-nodejs"},
		 "stemCells": [{"initialCount": 2, "memory": "256 MB",
		  "reactive": {"minCount": 1, "maxCount": 4, "ttl": "2 minutes", "threshold": 1, "increment": 1}}]}],
	 "java": [{"kind": "java:8", "requireMain": true, "ociRuntime": "runsc", "image": {"name": "java8action"}}]},
	 "bypassPullForLocalImages": true}`))
	if err != nil {
		t.Fatal(err)
	}
	want := []kinds.Family{
		{Name: "java", Kinds: []kinds.Kind{
			{Name: "java:8", Family: "java", Image: "java8action", Default: true, RequireMain: true, Sentinelled: true, Foreign: true, Runtime: "runsc"},
		}},
		{Name: "nodejs", Kinds: []kinds.Kind{
			{Name: "nodejs:18", Family: "nodejs", Image: "reg.example:5000/openwhisk/action-nodejs-v18:nightly", Deprecated: true, Foreign: true},
			{Name: "nodejs:20", Family: "nodejs", Image: "mirror/hearth/runtime-nodejs", Default: true, Attached: true, Sentinelled: true,
				StemCells: []kinds.StemCell{{Count: 2, Memory: 256,
					Reactive: &kinds.Reactive{Min: 1, Max: 4, TTL: 2 * time.Minute, Threshold: 1, Increment: 1}}}},
		}},
	}
	if diff := cmp.Diff(want, m.Families()); diff != "" {
		t.Errorf("families (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"java:8", "nodejs:18", "nodejs:20"}, m.Names()); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	if k, ok := m.Lookup("nodejs:20"); !ok || k.Image != "mirror/hearth/runtime-nodejs" {
		t.Errorf("lookup: got %+v, %v", k, ok)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	const image = `"image": {"prefix": "p", "name": "n"}`
	for name, tt := range map[string]struct{ doc, want string }{
		"what is not JSON":         {`nodejs`, "read runtimes manifest"},
		"no kinds":                 {`{"runtimes": {}}`, "no kinds"},
		"an empty family":          {`{"runtimes": {"a": []}}`, "0 kinds are the default"},
		"no default among several": {`{"runtimes": {"a": [{"kind": "a:1", ` + image + `}, {"kind": "a:2", ` + image + `}]}}`, "0 kinds are the default"},
		"several defaults": {`{"runtimes": {"a": [{"kind": "a:1", "default": true, ` + image + `},
			{"kind": "a:2", "default": true, ` + image + `}]}}`, "2 kinds are the default"},
		"a kind in two families": {`{"runtimes": {"a": [{"kind": "a:1", ` + image + `}], "b": [{"kind": "a:1", ` + image + `}]}}`, "twice"},
		"a kind without image":   {`{"runtimes": {"a": [{"kind": "a:1"}]}}`, "no image"},
		"a reserved name":        {`{"runtimes": {"a": [{"kind": "sequence", ` + image + `}]}}`, "cannot be the name"},
		"a wrong memory":         {`{"runtimes": {"a": [{"kind": "a:1", ` + image + `, "stemCells": [{"initialCount": 1, "memory": "lots"}]}]}}`, "lots"},
		"a negative count":       {`{"runtimes": {"a": [{"kind": "a:1", ` + image + `, "stemCells": [{"initialCount": -1, "memory": "1 MB"}]}]}}`, "negative"},
		"a blackbox without name": {`{"runtimes": {"a": [{"kind": "a:1", ` + image + `}]}, "blackboxes": [{"prefix": "p"}]}`,
			"blackbox 0"},
		"a blackbox that nothing nameable replaces": {`{"runtimes": {"a": [{"kind": "a:1", ` + image + `}]}, "blackboxes": [{"name": "b", "instead": {"prefix": "p"}}]}`,
			"blackbox 0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := kinds.Parse([]byte(tt.doc))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
		})
	}
}

func TestMemoryUnits(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"256 MB": 256, "256m": 256, "1 GB": 1024, "2048 kb": 2, "1025 K": 2, "1048577 B": 2} {
		m, err := kinds.Parse([]byte(`{"runtimes": {"a": [{"kind": "a:1", "image": {"name": "n"},
			"stemCells": [{"initialCount": 1, "memory": "` + text + `"}]}]}}`))
		if err != nil {
			t.Fatal(err)
		}
		if k, _ := m.Lookup("a:1"); k.StemCells[0].Memory != want {
			t.Errorf("%s: got %d MB, want %d", text, k.StemCells[0].Memory, want)
		}
	}
}

func TestResolve(t *testing.T) {
	t.Parallel()
	m, err := kinds.Parse([]byte(`{"runtimes": {"python": [{"kind": "python:3", "default": true, "image": {"name": "a"}},
		{"kind": "python:3.10", "image": {"name": "b"}}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	for asked, want := range map[string]string{
		"python:3":       "python:3",
		"python:default": "python:3",
		" Python:3.12 ":  "python:3",
		"python:3.10":    "python:3.10",
		"python:3.10.4":  "python:3.10",
		"python:2.7":     "",
		"python:3x":      "",
		"python":         "",
		"python:":        "",
		"python:.1":      "",
		"ruby:default":   "",
		"":               "",
		":default":       "",
	} {
		k, ok := m.Resolve(asked)
		if k.Name != want || ok != (want != "") {
			t.Errorf("%q: got %q, %v, want %q", asked, k.Name, ok, want)
		}
	}
}

func TestBlackbox(t *testing.T) {
	t.Parallel()
	m := kinds.Default()
	for image, want := range map[string]struct {
		known, foreign, sentinelled bool
		runs                        string
	}{
		"hearth/runtime-native:1":          {true, false, true, "hearth/runtime-native:1"},
		"hearth/runtime-native:2":          {true, false, true, "hearth/runtime-native:2"},
		"openwhisk/dockerskeleton":         {true, false, true, "hearth/runtime-native:1"},
		"openwhisk/dockerskeleton:nightly": {true, false, true, "hearth/runtime-native:1"},
		"openwhisk/dockerskeleton:1":       {true, false, true, "hearth/runtime-native:1"},
		"reg.example:5000/mine":            {false, true, false, "reg.example:5000/mine"},
		"reg.example:5000/mine:1@sha256:0": {false, true, false, "reg.example:5000/mine:1@sha256:0"},
	} {
		k, known := m.Blackbox(image)
		if known != want.known || k.Foreign != want.foreign || k.Sentinelled != want.sentinelled || k.Image != want.runs || k.Name != "blackbox" {
			t.Errorf("%s: got %+v, %v, want %+v", image, k, known, want)
		}
	}
}
