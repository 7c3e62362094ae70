package builder

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// buildFolder is where functions are laid out.
const buildFolder = "build"

// Assemble lays out what a function's image is built from, and returns the
// folder, which is build/NAME in dir and made anew: the template's files, and
// over its handler those of the function. A function without a language is
// built where it is.
func Assemble(dir, name string, t *Template, handler string) (folder string, err error) {
	handler = filepath.Join(dir, handler)
	if info, err := os.Stat(handler); err != nil || !info.IsDir() {
		return "", errors.Join(fmt.Errorf("the handler %s is no folder", handler), err)
	}
	if t.bare() {
		return handler, nil
	}
	folder = filepath.Join(dir, buildFolder, name)
	if err := os.RemoveAll(folder); err != nil {
		return "", fmt.Errorf("clear %s: %w", folder, err)
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", fmt.Errorf("make %s: %w", folder, err)
	}
	// What the function's own folder replaces is an example.
	example := filepath.FromSlash(t.Handler)
	err = copyTree(t.Files, folder, func(path string) bool { return path == example })
	if err != nil {
		return "", fmt.Errorf("copy template %s: %w", t.Name, err)
	}
	// A function may lie in the very folder that all is built in.
	others := []string{filepath.Join(dir, buildFolder), filepath.Join(dir, customFolder), filepath.Join(handler, ".git")}
	skip := func(path string) bool { return slices.Contains(others, filepath.Join(handler, path)) }
	if err := copyTree(os.DirFS(handler), filepath.Join(folder, example), skip); err != nil {
		return "", fmt.Errorf("copy %s: %w", handler, err)
	}
	return folder, nil
}

// copyTree copies files with their modes, and links as links. What skip names,
// by its path from the root, is left out.
func copyTree(from fs.FS, to string, skip func(path string) bool) error {
	return fs.WalkDir(from, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(to, filepath.FromSlash(path))
		switch mode := entry.Type(); {
		case skip(filepath.FromSlash(path)):
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case entry.IsDir():
			return os.MkdirAll(target, 0o755)
		case mode&fs.ModeSymlink != 0:
			link, err := fs.ReadLink(from, path)
			if err != nil {
				return err
			}
			return os.Symlink(link, target)
		case mode.IsRegular():
			return copyFile(from, path, target)
		}
		return nil // sockets and devices cannot be in an image
	})
}

func copyFile(from fs.FS, path, target string) error {
	info, err := fs.Stat(from, path)
	if err != nil {
		return err
	}
	content, err := fs.ReadFile(from, path)
	if err != nil {
		return err
	}
	// Everybody may read what is in an image, whoever it runs as.
	return os.WriteFile(target, content, info.Mode().Perm()|0o644)
}

// Begin writes the files that a new function of a template starts from into
// a folder, which must not be there.
func Begin(t *Template, folder string) error {
	if err := os.Mkdir(folder, 0o755); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	example, err := fs.Sub(t.Files, t.Handler)
	if err != nil {
		return fmt.Errorf("find the example of template %s: %w", t.Name, err)
	}
	if err := copyTree(example, folder, func(string) bool { return false }); err != nil {
		return fmt.Errorf("write %s: %w", folder, err)
	}
	return nil
}
