package source_test

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"io"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/hearth-faas/hearth/cmd/hearth/source"
)

func TestReadFile(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, file, content string
		want                source.Source
	}{
		{"text by its extension", "a.js", "code", source.Source{Code: "code", Kind: "nodejs:default"}},
		{"an extension in capitals", "A.PY", "code", source.Source{Code: "code", Kind: "python:default"}},
		{"an archive says no kind", "a.zip", "PK", source.Source{Code: "UEs=", Binary: true}},
		{"a jar is Java", "a.jar", "PK", source.Source{Code: "UEs=", Binary: true, Kind: "java:default"}},
		{"a compiled program is no text", "exec", "\x7fELF\x00", source.Source{Code: "f0VMRgA=", Binary: true}},
		{"a script without an extension", "exec", "#!/bin/sh\n", source.Source{Code: "#!/bin/sh\n"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			name := filepath.Join(t.TempDir(), test.file)
			if err := os.WriteFile(name, []byte(test.content), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := source.Read(name)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(got, test.want); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReadFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, content := range map[string]string{"package.json": "{}", "index.js": "code"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := source.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !got.Binary || got.Kind != "nodejs:default" {
		t.Errorf("got kind %q, binary %v", got.Kind, got.Binary)
	}
	packed, err := base64.StdEncoding.DecodeString(got.Code)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(files(t, packed), map[string]string{"package.json": "{}", "index.js": "code"}); diff != "" {
		t.Error(diff)
	}
}

func TestReadNothing(t *testing.T) {
	t.Parallel()
	if _, err := source.Read(filepath.Join(t.TempDir(), "absent")); err == nil {
		t.Error("no error")
	}
}

func TestZip(t *testing.T) {
	t.Parallel()
	dir := fstest.MapFS{
		"b.sh":        {Data: []byte("b"), Mode: 0o755},
		"a/a.txt":     {Data: []byte("a"), Mode: 0o644},
		".git/config": {Data: []byte("secret"), Mode: 0o644},
	}
	var once, twice bytes.Buffer
	for _, w := range []io.Writer{&once, &twice} {
		if err := source.Zip(w, dir); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(once.Bytes(), twice.Bytes()) {
		t.Error("the same folder gives different archives")
	}
	if diff := cmp.Diff(files(t, once.Bytes()), map[string]string{"a/a.txt": "a", "b.sh": "b"}); diff != "" {
		t.Error(diff)
	}
	r, err := zip.NewReader(bytes.NewReader(once.Bytes()), int64(once.Len()))
	if err != nil {
		t.Fatal(err)
	}
	if got := r.File[1].Mode().Perm(); got != 0o755 {
		t.Errorf("mode %v, want an executable", got)
	}
}

func files(t *testing.T, packed []byte) map[string]string {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, f := range r.File {
		content, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(content)
		if err != nil {
			t.Fatal(err)
		}
		all[f.Name] = string(b)
	}
	return all
}
