// Package source reads the code of an action from where its author keeps it:
// a file, an archive, or a folder that is packed on the way.
package source

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Source is code as the platform takes it.
type Source struct {
	Code   string // text, or base64 when Binary
	Binary bool
	// Kind is the kind that the files speak for, "nodejs:default" for one;
	// empty when they do not say.
	Kind string
}

// Read reads a file or folder. A folder becomes a zip; archives and compiled
// programs become base64.
func Read(path string) (Source, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Source{}, fmt.Errorf("read the code: %w", err)
	}
	if info.IsDir() {
		return folder(path)
	}
	code, err := os.ReadFile(path)
	if err != nil {
		return Source{}, fmt.Errorf("read the code: %w", err)
	}
	s := Source{Kind: kindOfFile(path), Binary: binary(path, code)}
	if s.Binary {
		s.Code = base64.StdEncoding.EncodeToString(code)
		return s, nil
	}
	s.Code = string(code)
	return s, nil
}

func folder(path string) (Source, error) {
	var packed bytes.Buffer
	if err := Zip(&packed, os.DirFS(path)); err != nil {
		return Source{}, fmt.Errorf("pack %s: %w", path, err)
	}
	return Source{
		Code:   base64.StdEncoding.EncodeToString(packed.Bytes()),
		Binary: true,
		Kind:   kindOfFolder(os.DirFS(path)),
	}, nil
}

// binary says whether code must travel as base64: it is an archive by name, or
// no text.
func binary(path string, code []byte) bool {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".zip", ".jar", ".gz", ".tgz":
		return true
	}
	return bytes.IndexByte(code, 0) >= 0
}

func kindOfFile(path string) string {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".js", ".cjs", ".mjs":
		return "nodejs:default"
	case ".py":
		return "python:default"
	case ".go":
		return "go:default"
	case ".rb":
		return "ruby:default"
	case ".php":
		return "php:default"
	case ".java", ".jar":
		return "java:default"
	case ".swift":
		return "swift:default"
	case ".rs":
		return "rust:default"
	}
	return ""
}

// kindOfFolder goes by the file that each runtime starts from.
func kindOfFolder(dir fs.FS) string {
	for _, mark := range []struct{ file, kind string }{
		{"package.json", "nodejs:default"},
		{"index.js", "nodejs:default"},
		{"__main__.py", "python:default"},
		{"go.mod", "go:default"},
		{"main.go", "go:default"},
		{"main.rb", "ruby:default"},
		{"index.php", "php:default"},
	} {
		if _, err := fs.Stat(dir, mark.file); !errors.Is(err, fs.ErrNotExist) {
			return mark.kind
		}
	}
	return ""
}
