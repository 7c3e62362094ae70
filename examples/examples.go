// Package examples reads the sample actions of this folder and makes them
// ready to deploy.
package examples

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Example is a sample action.
type Example struct {
	Name string `json:"name"` // of the action and of its folder
	Kind string `json:"kind"`
	Main string `json:"main"` // "" means the kind's default
	// Build is a command to run in a copy of the folder, before Files are
	// taken from it; empty means that there is nothing to build.
	Build []string `json:"build"`
	// Files are what the action consists of. One file is deployed as source
	// text, several, or a folder, as a zip.
	Files       []string          `json:"files"`
	Params      map[string]any    `json:"params"`
	Annotations map[string]any    `json:"annotations"`
	Limits      map[string]int    `json:"limits"` // as in the API: timeout in ms, memory in MB …
	Needs       []string          `json:"needs"`  // examples to deploy before
	Input       json.RawMessage   `json:"-"`      // a sample payload, from the file input.json
	Expect      map[string]string `json:"expect"` // see Check
	dir         string
}

// Load reads examples.json and what it names, in dir. The order is one in
// which the examples can be deployed.
func Load(dir string) ([]Example, error) {
	data, err := os.ReadFile(filepath.Join(dir, "examples.json"))
	if err != nil {
		return nil, fmt.Errorf("read examples: %w", err)
	}
	var all []Example
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, fmt.Errorf("read examples.json: %w", err)
	}
	for i := range all {
		e := &all[i]
		e.dir = filepath.Join(dir, e.Name)
		if e.Input, err = os.ReadFile(filepath.Join(e.dir, "input.json")); err != nil {
			return nil, fmt.Errorf("read example %s: %w", e.Name, err)
		}
		for _, need := range e.Needs {
			if !slices.ContainsFunc(all[:i], func(o Example) bool { return o.Name == need }) {
				return nil, fmt.Errorf("example %s needs %s, which does not come before it", e.Name, need)
			}
		}
	}
	return all, nil
}

// Code builds the action and returns its code as the API takes it: source
// text, or the base64 of a zip file. It works in a copy of the folder, so any
// number of calls may run at once.
func (e Example) Code(ctx context.Context) (string, error) {
	if len(e.Build) == 0 && len(e.Files) == 1 {
		text, err := os.ReadFile(filepath.Join(e.dir, e.Files[0]))
		if err != nil {
			return "", fmt.Errorf("read example %s: %w", e.Name, err)
		}
		return string(text), nil
	}
	work, err := os.MkdirTemp("", "example-"+e.Name)
	if err != nil {
		return "", fmt.Errorf("build example %s: %w", e.Name, err)
	}
	code, err := e.build(ctx, work)
	if err = errors.Join(err, os.RemoveAll(work)); err != nil {
		return "", fmt.Errorf("build example %s: %w", e.Name, err)
	}
	return code, nil
}

func (e Example) build(ctx context.Context, work string) (string, error) {
	if err := os.CopyFS(work, os.DirFS(e.dir)); err != nil {
		return "", err
	}
	if len(e.Build) > 0 {
		cmd := exec.CommandContext(ctx, e.Build[0], e.Build[1:]...)
		cmd.Dir = work
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("%s: %w: %s", strings.Join(e.Build, " "), err, out)
		}
	}
	return pack(work, e.Files)
}

// Check says whether result, the JSON object that the action returned for
// Input, is what it should be: each field that Expect names must contain the
// given text, in its JSON form unless it is a text itself.
func (e Example) Check(result []byte) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(result, &fields); err != nil {
		return fmt.Errorf("result of example %s: %w", e.Name, err)
	}
	for name, want := range e.Expect {
		got := string(fields[name])
		var text string
		if json.Unmarshal(fields[name], &text) == nil {
			got = text
		} else if !strings.Contains(want, " ") {
			got = strings.Join(strings.Fields(got), "")
		}
		if fields[name] == nil || !strings.Contains(got, want) {
			return fmt.Errorf("result of example %s: field %q is %.200q, and %q should be in it", e.Name, name, got, want)
		}
	}
	return nil
}
