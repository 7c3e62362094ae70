package builder

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/hearth-faas/hearth/runtime/templates"
)

// customFolder is where people keep templates of their own.
const customFolder = "template"

// Template is what a function is built with.
type Template struct {
	Name  string
	Files fs.FS
	// Welcome is what somebody should know who begins a function.
	Welcome string
	// Handler is the folder of the template that the function's own files
	// replace.
	Handler string
}

// FindTemplate returns the template of a language: that of the folder
// "template" in dir, or else the program's own. An error that there is none
// names those that there are.
func FindTemplate(dir, name string) (*Template, error) {
	files, ok := custom(dir, name)
	if !ok {
		files, ok = templates.Files(name)
	}
	if !ok {
		return nil, fmt.Errorf("there is no template %q; there are %v", name, Languages(dir))
	}
	t := &Template{Name: name, Files: files, Handler: templates.Handler}
	text, err := fs.ReadFile(files, "template.yml")
	if errors.Is(err, fs.ErrNotExist) {
		return t, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read template %s: %w", name, err)
	}
	var about struct {
		Welcome string `yaml:"welcome_message"`
		Handler string `yaml:"handler_folder"`
	}
	if err := yaml.Unmarshal(text, &about); err != nil {
		return nil, fmt.Errorf("read template.yml of %s: %w", name, err)
	}
	t.Welcome = about.Welcome
	if about.Handler != "" {
		t.Handler = path.Clean(about.Handler)
		if t.Handler == "." || !filepath.IsLocal(t.Handler) {
			return nil, fmt.Errorf("template %s: its handler_folder %q is no folder of it", name, about.Handler)
		}
	}
	return t, nil
}

func custom(dir, name string) (fs.FS, bool) {
	if name == "." || !filepath.IsLocal(name) || filepath.Base(name) != name {
		return nil, false
	}
	folder := filepath.Join(dir, customFolder, name)
	info, err := os.Stat(folder)
	return os.DirFS(folder), err == nil && info.IsDir()
}

// Languages returns the names of all templates, sorted.
func Languages(dir string) []string {
	names := templates.Names()
	entries, err := os.ReadDir(filepath.Join(dir, customFolder))
	if err != nil {
		return names // there are no others
	}
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// bare says whether the function is built from its own folder alone.
func (t *Template) bare() bool { return t.Name == templates.Dockerfile }
