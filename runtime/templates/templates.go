// Package templates holds the templates of functions: for each language the
// files that, with somebody's handler, make an image. They are laid out as
// faas-cli expects them in its folder "template".
package templates

import (
	"embed"
	"io/fs"
)

// The folders of templates are as they come; the names of hidden files would
// be left out otherwise.
//
//go:embed all:bash all:dockerfile all:go all:java all:node all:python
var files embed.FS

// Handler is the folder of a template that a new function starts from, and
// that the function's own files replace when it is built.
const Handler = "function"

// Dockerfile is the template without a language. Its handler is a folder with
// a Dockerfile, which is built as it is.
const Dockerfile = "dockerfile"

// Names returns the names of the templates, sorted. They are the values of
// "lang" in a stack file.
func Names() []string {
	folders, err := files.ReadDir(".")
	if err != nil {
		return nil // an embedded folder can be read
	}
	names := make([]string, 0, len(folders))
	for _, f := range folders {
		names = append(names, f.Name())
	}
	return names
}

// Files returns the files of a template: template.yml, a Dockerfile, what it
// needs, and the folder Handler. ok is false if there is no such template.
func Files(name string) (template fs.FS, ok bool) {
	if !fs.ValidPath(name) || name == "." {
		return nil, false
	}
	if info, err := fs.Stat(files, name); err != nil || !info.IsDir() {
		return nil, false
	}
	template, err := fs.Sub(files, name)
	return template, err == nil
}
