package builder

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
)

// The names of the files that a folder is built by.
const (
	dockerfile = "Dockerfile"
	ignoreFile = ".dockerignore"
)

// pack returns a folder as a tar archive, which is made while it is read,
// without what its .dockerignore names. All belongs to root, as it does with
// Docker's own client.
func pack(folder string) (io.ReadCloser, error) {
	if _, err := os.Stat(filepath.Join(folder, dockerfile)); err != nil {
		return nil, fmt.Errorf("look for a Dockerfile: %w", err)
	}
	ignored, err := ignores(folder)
	if err != nil {
		return nil, err
	}
	reader, writer := io.Pipe()
	go func() {
		out := tar.NewWriter(writer)
		writer.CloseWithError(errors.Join(packTo(out, folder, ignored), out.Close()))
	}()
	return reader, nil
}

func ignores(folder string) (*patternmatcher.PatternMatcher, error) {
	var patterns []string
	f, err := os.Open(filepath.Join(folder, ignoreFile))
	if err == nil {
		defer f.Close()
		if patterns, err = ignorefile.ReadAll(f); err != nil {
			return nil, fmt.Errorf("read %s: %w", ignoreFile, err)
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read %s: %w", ignoreFile, err)
	}
	// The daemon needs both, whatever the patterns say.
	matcher, err := patternmatcher.New(append(patterns, "!"+dockerfile, "!"+ignoreFile))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", ignoreFile, err)
	}
	return matcher, nil
}

func packTo(out *tar.Writer, folder string, ignored *patternmatcher.PatternMatcher) error {
	return filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(folder, path)
		if err != nil || name == "." {
			return err
		}
		skip, err := ignored.MatchesOrParentMatches(name)
		if err != nil {
			return fmt.Errorf("compare %s with %s: %w", name, ignoreFile, err)
		}
		if skip || !carried(entry.Type()) {
			return nil // a folder may have something that is wanted all the same
		}
		if err := packOne(out, path, name, entry); err != nil {
			return fmt.Errorf("pack %s: %w", name, err)
		}
		return nil
	})
}

// carried says whether something of that type can be in an image: sockets and
// devices cannot.
func carried(mode fs.FileMode) bool {
	return mode.IsRegular() || mode.IsDir() || mode&fs.ModeType == fs.ModeSymlink
}

func packOne(out *tar.Writer, path, name string, entry fs.DirEntry) error {
	info, err := entry.Info()
	if err != nil {
		return err
	}
	link := ""
	if info.Mode()&fs.ModeType == fs.ModeSymlink {
		if link, err = os.Readlink(path); err != nil {
			return err
		}
	}
	header, err := tar.FileInfoHeader(info, link)
	if err != nil {
		return err
	}
	header.Name = filepath.ToSlash(name)
	header.Uid, header.Gid, header.Uname, header.Gname = 0, 0, "", ""
	if err := out.WriteHeader(header); err != nil || !info.Mode().IsRegular() {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(out, f)
	return err
}
