package stack

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// version is the only one of the format.
const version = "1.0"

// providers are the names that a provider may have; the second is an old one.
const (
	provider    = "openfaas"
	oldProvider = "faas"
)

// Parse reads a stack file, after its variables have got their values by
// lookup. An error names the lines and keys that are wrong, all of them.
func Parse(text []byte, lookup func(name string) (value string, ok bool)) (*File, error) {
	text, err := Substitute(text, lookup)
	if err != nil {
		return nil, err
	}
	var f File
	if err := decode(text, &f); err != nil {
		return nil, err
	}
	if f.Version != "" && f.Version != version {
		return nil, fmt.Errorf("version is %s, and only %s is known", f.Version, version)
	}
	if f.Provider.Name != provider && f.Provider.Name != oldProvider {
		return nil, fmt.Errorf("the provider's name is %q, and not %s", f.Provider.Name, provider)
	}
	for _, name := range f.Names() {
		if err := f.Functions[name].check(); err != nil {
			return nil, fmt.Errorf("function %s: %w", name, err)
		}
	}
	return &f, nil
}

func (f Function) check() error {
	switch {
	case f.Image == "":
		return errors.New("it has no image")
	case f.SkipBuild:
		return nil
	case f.Lang == "":
		return errors.New("it has no lang, which names its template; skip_build says that the image is there already")
	case f.Handler == "":
		return errors.New("it has no handler, which is the folder of its files")
	}
	return nil
}

// Names returns the names of the functions, sorted; with patterns such as
// "api-*" only those that fit one of them.
func (f *File) Names(patterns ...string) []string {
	var names []string
	for name := range f.Functions {
		fits := func(pattern string) bool {
			ok, err := path.Match(pattern, name)
			return ok && err == nil
		}
		if len(patterns) == 0 || slices.ContainsFunc(patterns, fits) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Environment reads an environment file, which is a stack file's
// "environment" and nothing else.
func Environment(text []byte) (map[string]string, error) {
	var in struct {
		Environment map[string]string `yaml:"environment"`
	}
	err := decode(text, &in)
	return in.Environment, err
}

// decode reads YAML in which every key must be known.
func decode(text []byte, v any) error {
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	err := d.Decode(v)
	if errors.Is(err, io.EOF) {
		return errors.New("it is empty")
	}
	if e, ok := errors.AsType[*yaml.TypeError](err); ok {
		var said []string
		for _, s := range e.Errors {
			said = append(said, unknownKey().ReplaceAllString(s, `key "$1" is not known`))
		}
		return errors.New(strings.Join(said, "; "))
	}
	return err
}

// unknownKey is how the library says so.
func unknownKey() *regexp.Regexp { return regexp.MustCompile(`field (.+) not found in type .+`) }
