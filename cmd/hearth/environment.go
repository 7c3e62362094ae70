package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// prefix begins the name of every variable that is a setting.
const prefix = "HEARTH_"

// environment is what the program was started with, read once.
type environment map[string]string

func readEnvironment(list []string) environment {
	env := make(environment, len(list))
	for _, entry := range list {
		if key, value, ok := strings.Cut(entry, "="); ok {
			env[key] = value
		}
	}
	return env
}

// dataHome is where data of the user's programs is kept.
func (e environment) dataHome() string {
	if dir := e["XDG_DATA_HOME"]; filepath.IsAbs(dir) {
		return dir
	}
	return filepath.Join(e["HOME"], ".local", "share")
}

// variable is the name of the variable that sets a flag.
func variable(flag *kong.Flag) string {
	return prefix + strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_"))
}

// setting says whether a flag is a setting, which the environment can give;
// those are the ones in a group. The others say what one command does.
func setting(flag *kong.Flag) bool { return flag.Group != nil }

// Resolve returns the value that the environment has for a flag.
func (e environment) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	if !setting(flag) {
		return nil, nil //nolint:nilnil // kong's way to say that there is none
	}
	if value, ok := e[variable(flag)]; ok {
		return value, nil
	}
	// Where Docker is, Docker's own programs read from this variable.
	if value := e["DOCKER_HOST"]; value != "" && flag.Name == "docker-host" {
		return value, nil
	}
	return nil, nil //nolint:nilnil // as above
}

// Validate refuses variables that no command knows: a setting with a slip in
// its name must not be ignored.
func (e environment) Validate(app *kong.Application) error {
	known := map[string]bool{}
	gather(app.Node, known)
	var unknown []string
	for key := range e {
		if strings.HasPrefix(key, prefix) && !known[key] {
			unknown = append(unknown, key)
		}
	}
	if len(unknown) > 0 {
		slices.Sort(unknown)
		return fmt.Errorf("no setting is named %s; see hearth COMMAND --help", strings.Join(unknown, ", "))
	}
	return nil
}

func gather(node *kong.Node, known map[string]bool) {
	for _, flag := range node.Flags {
		if setting(flag) {
			known[variable(flag)] = true
		}
	}
	for _, child := range node.Children {
		gather(child, known)
	}
}
