package source

import (
	"archive/zip"
	"fmt"
	"io"
	"io/fs"
	"strings"
)

// Zip packs a folder. The same files give the same bytes: names are sorted
// and times left out, so that an update without a change is one. Version
// control is left behind; links are followed.
func Zip(w io.Writer, dir fs.FS) error {
	out := zip.NewWriter(w)
	err := fs.WalkDir(dir, ".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == ".git" || entry.Name() == ".hg"):
			return fs.SkipDir
		case entry.IsDir():
			return nil
		}
		return add(out, dir, path)
	})
	if err != nil {
		return err
	}
	return out.Close()
}

func add(out *zip.Writer, dir fs.FS, path string) error {
	info, err := fs.Stat(dir, path)
	if err != nil {
		return fmt.Errorf("look at %s: %w", path, err)
	}
	if info.IsDir() {
		return fmt.Errorf("%s is a link to a folder, which cannot be packed", path)
	}
	header := &zip.FileHeader{Name: strings.TrimPrefix(path, "./"), Method: zip.Deflate}
	header.SetMode(info.Mode().Perm())
	w, err := out.CreateHeader(header)
	if err != nil {
		return err
	}
	file, err := dir.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if _, err := io.Copy(w, file); err != nil {
		return fmt.Errorf("pack %s: %w", path, err)
	}
	return nil
}
