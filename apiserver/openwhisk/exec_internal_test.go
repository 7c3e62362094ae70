package openwhisk

import (
	"strings"
	"testing"

	"github.com/hearth-faas/hearth/core"
)

func TestIsBase64LooksAtCharactersAndLengthOnly(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, code string
		want       bool
	}{
		{"an archive", "UEsDBAo=", true},
		{"two pads", "UEsDBA==", true},
		{"space around it", "\n UEsDBAo= \n", true},
		{"the word main", "main", true},
		{"nothing", "", false},
		{"space", "    ", false},
		{"a length that is no multiple of four", "UEsDBAo", false},
		{"three pads", "UEsDB===", false},
		{"a pad inside", "UE=DBAo=", false},
		{"source text", "function main() {}", false},
		{"the URL alphabet", "UEs-BAo_", false},
		{"letters that are not ASCII", "ääää", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := isBase64(tt.code); got != tt.want {
				t.Errorf("isBase64(%q) is %v", tt.code, got)
			}
		})
	}
}

func TestImageReferences(t *testing.T) {
	t.Parallel()
	for ref, want := range map[string]bool{
		"image":                           true,
		"image:tag":                       true,
		"prefix/image":                    true,
		"registry.example:5000/a/b/c:1.0": true,
		"image@sha256:" + strings.Repeat("0a", 32): true,
		"":              false,
		"-flag":         false,
		"a b":           false,
		"a:":            false,
		"a/":            false,
		"a@sha256:0a":   false,
		"a:tag:tag":     false,
		"../../a":       false,
		"http://a/b":    false,
		"a\nb":          false,
		"a;rm":          false,
		"a:tag@sha256:": false,
	} {
		if got := image.MatchString(ref); got != want {
			t.Errorf("image %q is %v, want %v", ref, got, want)
		}
	}
}

func TestAcceptAdmitsTypes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		header, contentType string
		want                bool
	}{
		{"", "text/html", true},
		{"*/*", "text/html; charset=UTF-8", true},
		{"text/*", "text/html", true},
		{"TEXT/HTML", "text/html", true},
		{"application/json, text/html;q=0.5", "text/html", true},
		{"application/json", "text/html", false},
		{"text/html;q=0", "text/html", false},
		{"text/html; q=0.0", "text/html", false},
		{"image/*", "text/html", false},
	} {
		if got := accepts(tt.header, tt.contentType); got != tt.want {
			t.Errorf("accepts(%q, %q) is %v", tt.header, tt.contentType, got)
		}
	}
}

func TestParseWebPath(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		path, want, format, rest string
		fails                    bool
	}{
		{path: "ns/default/a", want: "/ns/a", format: "http"},
		{path: "ns/pkg/a.json", want: "/ns/pkg/a", format: "json"},
		{path: "ns/pkg/a.b.svg/x%20y/", want: "/ns/pkg/a.b", format: "svg", rest: "/x%20y/"},
		{path: "ns/pkg/a.png", want: "/ns/pkg/a.png", format: "http"},
		{path: "ns/pkg/an%20action.html/", want: "/ns/pkg/an action", format: "html", rest: "/"},
		{path: "ns/pkg/.json", fails: true},
		{path: "ns/pkg", fails: true},
		{path: "ns/pkg/", fails: true},
		{path: "_/pkg/a", fails: true},
		{path: "ns//a", want: "/ns/a", format: "http", fails: true},
		{path: "ns/pkg/%zz", fails: true},
	} {
		got, err := parseWebPath(tt.path)
		if (err != nil) != tt.fails {
			t.Errorf("parse %q: %v", tt.path, err)
			continue
		}
		if err == nil && (got.name.String() != tt.want || got.format != tt.format || got.rest != tt.rest) {
			t.Errorf("parse %q: got %s %s %q", tt.path, got.name, got.format, got.rest)
		}
	}
}

func TestOnlyWhatHasCodeShowsIt(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		exec core.Exec
		want bool
	}{
		{core.Exec{Kind: "nodejs:24", Code: []byte("x")}, true},
		{core.Exec{Kind: "nodejs:24"}, true}, // clients expect it
		{core.Exec{Kind: core.KindBlackbox, Image: "i", Code: []byte("x")}, true},
		{core.Exec{Kind: core.KindBlackbox, Image: "i"}, false},
		{core.Exec{Kind: core.KindFunction, Image: "i"}, false},
	} {
		if got := execOf(tt.exec, true); (got.Code != nil) != tt.want {
			t.Errorf("%+v has code: %v", tt.exec, got.Code != nil)
		}
	}
}
