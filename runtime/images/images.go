// Package images holds the files of the runtime images, and knows how to run
// a kind on a machine without Docker.
package images

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

//go:embed nodejs/launcher.js python/launcher.py ruby/launcher.rb php/launcher.php go/compile go/launcher.go.tmpl
var launchers embed.FS

// Host is how the proxy runs a kind outside of a container.
type Host struct {
	// Command must be on PATH; "" means that nothing is needed.
	Command string
	// Env is for the proxy, as "key=value", beside HEARTH_SOCKET and
	// HEARTH_DIR.
	Env []string
}

// Install writes the launchers below dir, where HostFor finds them. What is
// there already is replaced without a moment of absence, because another
// process may be using it.
func Install(dir string) error {
	err := fs.WalkDir(launchers, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(dir, filepath.FromSlash(name))
		if d.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		content, err := launchers.ReadFile(name)
		if err != nil {
			return err
		}
		return replace(target, content)
	})
	if err != nil {
		return fmt.Errorf("install launchers: %w", err)
	}
	return nil
}

func replace(target string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(target), ".new")
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	err = errors.Join(err, f.Chmod(0o755), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), target)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// HostFor says how to run an image of this project, such as
// "hearth/runtime-nodejs:24", with the launchers that Install wrote to dir.
// The version is the host's, whatever the image's tag. ok is false for images
// that have no such way.
func HostFor(image, dir string) (host Host, ok bool) {
	name, _, _ := strings.Cut(path.Base(image), ":")
	launcher := func(parts ...string) string { return filepath.Join(slices.Insert(parts, 0, dir)...) }
	switch name {
	case "runtime-nodejs":
		return Host{Command: "node", Env: []string{
			"HEARTH_LAUNCHER=node --disable-warning=ExperimentalWarning " + launcher("nodejs", "launcher.js"), "OW_WAIT_FOR_ACK=1"}}, true
	case "runtime-python":
		return Host{Command: "python3", Env: []string{
			"HEARTH_LAUNCHER=python3 -u " + launcher("python", "launcher.py"), "OW_WAIT_FOR_ACK=1", "PYTHONUTF8=1"}}, true
	case "runtime-ruby":
		return Host{Command: "ruby", Env: []string{
			"HEARTH_LAUNCHER=ruby " + launcher("ruby", "launcher.rb"), "OW_WAIT_FOR_ACK=1", "LANG=C.UTF-8"}}, true
	case "runtime-php":
		return Host{Command: "php", Env: []string{
			"HEARTH_LAUNCHER=php -d display_errors=stderr -d log_errors=0 -d memory_limit=-1 " + launcher("php", "launcher.php"), "OW_WAIT_FOR_ACK=1"}}, true
	case "runtime-go":
		return Host{Command: "go", Env: append(goCache(),
			"OW_COMPILER="+launcher("go", "compile"), "OW_WAIT_FOR_ACK=1", "OW_LOG_INIT_ERROR=1")}, true
	case "runtime-native":
		return Host{Env: []string{"HEARTH_MODE=native"}}, true
	default:
		return Host{}, false
	}
}

// goCache has Go actions share the build cache of this user, where there is
// one. To compile the standard library for each would take many seconds.
func goCache() []string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return nil
	}
	return []string{"GOCACHE=" + filepath.Join(dir, "go-build")}
}
