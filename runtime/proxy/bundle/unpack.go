package bundle

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"
)

// entry is a member of an archive.
type entry struct {
	name string
	mode fs.FileMode
	link string    // target, of a symbolic link
	body io.Reader // of a file
}

func unzip(code []byte, root *os.Root) error {
	r, err := zip.NewReader(bytes.NewReader(code), int64(len(code)))
	if err != nil {
		return fmt.Errorf("open zip: %w", err)
	}
	for _, f := range r.File {
		body, err := f.Open()
		if err != nil {
			return fmt.Errorf("unzip %s: %w", f.Name, err)
		}
		err = place(root, entry{name: f.Name, mode: f.Mode(), body: body})
		if err = errors.Join(err, body.Close()); err != nil {
			return fmt.Errorf("unzip %s: %w", f.Name, err)
		}
	}
	return nil
}

func untar(code []byte, root *os.Root) error {
	gz, err := gzip.NewReader(bytes.NewReader(code))
	if err != nil {
		return fmt.Errorf("open tar.gz: %w", err)
	}
	r := tar.NewReader(gz)
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read tar.gz: %w", err)
		}
		switch h.Typeflag {
		case tar.TypeReg, tar.TypeDir, tar.TypeSymlink:
			err = place(root, entry{name: h.Name, mode: h.FileInfo().Mode(), link: h.Linkname, body: r})
		default: // devices, hard links and extended headers mean nothing here
		}
		if err != nil {
			return fmt.Errorf("unpack %s: %w", h.Name, err)
		}
	}
}

// place writes one entry below root.
func place(root *os.Root, e entry) error {
	name := path.Clean(strings.ReplaceAll(e.name, `\`, "/"))
	if name == "." {
		return nil
	}
	if !fs.ValidPath(name) {
		return ErrOutside
	}
	if e.mode.IsDir() {
		return outside(root.MkdirAll(name, 0o755))
	}
	if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return outside(err)
	}
	switch {
	case e.mode&fs.ModeSymlink != 0:
		return placeLink(root, name, e)
	case e.mode.IsRegular():
		return placeFile(root, name, e)
	default:
		return nil
	}
}

// placeLink makes a symbolic link, of which node_modules/.bin is full. One
// that leads outside is left out: a virtual environment has some, to an
// interpreter that is not there either.
func placeLink(root *os.Root, name string, e entry) error {
	target := e.link
	if target == "" { // zip keeps it as the content
		text, err := io.ReadAll(io.LimitReader(e.body, 4096))
		if err != nil {
			return err
		}
		target = string(text)
	}
	if path.IsAbs(target) || !fs.ValidPath(path.Join(path.Dir(name), target)) {
		return nil
	}
	if err := root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return outside(err)
	}
	return outside(root.Symlink(target, name))
}

// placeFile writes a file. No process is started meanwhile: one that inherited
// the open file would keep the kernel from executing it ("text file busy").
func placeFile(root *os.Root, name string, e entry) error {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	mode := e.mode.Perm() | 0o600
	// A file that is there twice is the later one; a link is not followed.
	if err := root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return outside(err)
	}
	f, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return outside(err)
	}
	_, err = io.Copy(f, e.body)
	return errors.Join(err, f.Close())
}

// outside gives the error of an os.Root that was about to be left its name.
func outside(err error) error {
	if err != nil && strings.Contains(err.Error(), "path escapes from parent") {
		return ErrOutside
	}
	return err
}
