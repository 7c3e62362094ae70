package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"github.com/hearth-faas/hearth/cmd/hearth/stack"
)

// Where a stack file is looked for.
const (
	stackName  = "stack.yml"
	stackOther = "stack.yaml"
)

// stackFile is a stack file that was read.
type stackFile struct {
	*stack.File
	path string
}

// dir is the folder that its own paths start from.
func (f *stackFile) dir() string { return filepath.Dir(f.path) }

// readStack reads a stack file; without a name that of this folder.
func readStack(env environment, name string) (*stackFile, error) {
	name, err := findStack(name)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read stack file: %w", err)
	}
	f, err := stack.Parse(text, env.lookup)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return &stackFile{f, name}, nil
}

func findStack(name string) (string, error) {
	if name != "" {
		return name, nil
	}
	for _, name := range []string{stackName, stackOther} {
		if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
			return name, err
		}
	}
	return "", usagef("there is no %s here: use -f, or begin with hearth function new", stackName)
}

// choose returns the names of the functions that fit a pattern, or all without
// one.
func (f *stackFile) choose(patterns ...string) ([]string, error) {
	names := f.Names(patterns...)
	if len(names) == 0 {
		return nil, usagef("no function of %s is meant by %q", f.path, patterns)
	}
	for _, name := range names {
		if err := validFunctionName(name); err != nil {
			return nil, fmt.Errorf("read %s: %w", f.path, err)
		}
	}
	return names, nil
}

// environment returns the variables of a function; those of its files come
// first, the last file before the others.
func (f *stackFile) environment(of stack.Function) (map[string]string, error) {
	all := map[string]string{}
	for key, value := range of.Environment {
		all[key] = value
	}
	for _, name := range of.EnvironmentFile {
		text, err := os.ReadFile(filepath.Join(f.dir(), name))
		if err != nil {
			return nil, fmt.Errorf("read environment file: %w", err)
		}
		more, err := stack.Environment(text)
		if err != nil {
			return nil, fmt.Errorf("read environment file %s: %w", name, err)
		}
		for key, value := range more {
			all[key] = value
		}
	}
	return all, nil
}

func (e environment) lookup(name string) (string, bool) {
	value, ok := e[name]
	return value, ok
}

// validFunctionName refuses what is no name of a function: it becomes a folder
// and a part of URLs.
func validFunctionName(name string) error {
	if len(name) > 63 || !regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`).MatchString(name) {
		return usagef("%q cannot be a function's name: it has lower-case letters, digits and -, at most 63", name)
	}
	return nil
}
