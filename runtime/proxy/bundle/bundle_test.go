package bundle_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hearth-faas/hearth/runtime/proxy/bundle"
)

// member is one of an archive, in order.
type member struct {
	name, content string
	mode          fs.FileMode
}

func zipOf(t *testing.T, members ...member) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for _, m := range members {
		h := &zip.FileHeader{Name: m.name, Method: zip.Deflate}
		h.SetMode(m.mode)
		f, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(m.content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func tarOf(t *testing.T, members ...member) []byte {
	t.Helper()
	var buf bytes.Buffer
	gz := gzip.NewWriter(&buf)
	w := tar.NewWriter(gz)
	for _, m := range members {
		h := &tar.Header{Name: m.name, Mode: int64(m.mode.Perm()), Typeflag: tar.TypeReg, Size: int64(len(m.content))}
		if m.mode&fs.ModeSymlink != 0 {
			h.Typeflag, h.Linkname, h.Size = tar.TypeSymlink, m.content, 0
		}
		if m.mode.IsDir() {
			h.Typeflag = tar.TypeDir
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeReg {
			if _, err := w.Write([]byte(m.content)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := errors.Join(w.Close(), gz.Close()); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// tree reads a folder: names to contents, with "*" before those of
// executables, and "-> target" for links.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := make(map[string]string)
	err := filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, _ := filepath.Rel(dir, file)
		info, err := os.Lstat(file)
		if err != nil {
			return err
		}
		if info.Mode()&fs.ModeSymlink != 0 {
			target, err := os.Readlink(file)
			files[name] = "-> " + target
			return err
		}
		content, err := os.ReadFile(file)
		if info.Mode()&0o100 != 0 {
			name = "*" + name
		}
		files[name] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestDetect(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]bundle.Form{
		"":                      bundle.Source,
		"def main(): pass":      bundle.Source,
		"PK\x03\x04rest":        bundle.Zip,
		"PK\x05\x06":            bundle.Zip,
		"\x1f\x8b\x08":          bundle.TarGz,
		"\x7fELF\x02":           bundle.Executable,
		"\xcf\xfa\xed\xfe":      bundle.Executable,
		"#!/bin/sh\n":           bundle.Script,
		" #!/bin/sh\n":          bundle.Source,
		"PK is how some start.": bundle.Source,
	} {
		if got := bundle.Detect([]byte(code)); got != want {
			t.Errorf("%q: got %v, want %v", code, got, want)
		}
	}
}

func TestUnpack(t *testing.T) {
	t.Parallel()
	link := fs.ModeSymlink | 0o777
	members := []member{
		{"exec", "#!/bin/sh\n", 0o755},
		{"a/b/c.txt", "text", 0o644},
		{"a/link", "b/c.txt", link},
		{"a/up", "../exec", link},
		{"venv/python", "/usr/bin/python3", link},
		{"venv/out", "../../etc", link},
		{"./d//e.txt", "clean", 0o644},
		{"a/b/c.txt", "later", 0o600},
	}
	want := map[string]string{
		"*exec": "#!/bin/sh\n", "a/b/c.txt": "later", "a/link": "-> b/c.txt", "a/up": "-> ../exec", "d/e.txt": "clean",
	}
	for name, code := range map[string][]byte{"zip": zipOf(t, members...), "tar.gz": tarOf(t, members...)} {
		dir := t.TempDir()
		if err := bundle.Unpack(code, dir); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, tree(t, dir)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestUnpackOfNoArchive(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := bundle.Unpack([]byte("print(1)"), dir); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"*exec": "print(1)"}, tree(t, dir)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestUnpackWritesNothingOutside(t *testing.T) {
	t.Parallel()
	link := fs.ModeSymlink | 0o777
	for name, members := range map[string][]member{
		"by name":              {{"../evil", "x", 0o644}},
		"by a deep name":       {{"a/../../evil", "x", 0o644}},
		"by an absolute name":  {{"/evil", "x", 0o644}},
		"by a windows name":    {{`..\evil`, "x", 0o644}},
		"a folder":             {{"../evil/", "", fs.ModeDir | 0o755}},
		"a link of that name":  {{"../evil", "target", link}},
		"by a link to a link":  {{"a/in", "../b", link}, {"b", "in/../..", link}, {"b/evil", "x", 0o644}},
		"over a link to there": {{"evil", "../evil", link}, {"evil", "x", 0o644}},
		"through a link":       {{"out", "..", link}, {"out/evil", "x", 0o644}},
	} {
		for form, code := range map[string][]byte{"zip": zipOf(t, members...), "tar.gz": tarOf(t, members...)} {
			t.Run(name+" in "+form, func(t *testing.T) {
				t.Parallel()
				parent := t.TempDir()
				dir := filepath.Join(parent, "dir")
				if err := os.Mkdir(dir, 0o755); err != nil {
					t.Fatal(err)
				}
				err := bundle.Unpack(code, dir)
				if _, statErr := os.Lstat(filepath.Join(parent, "evil")); statErr == nil {
					t.Errorf("a file was written outside (error: %v)", err)
				}
				if len(members) == 1 && !errors.Is(err, bundle.ErrOutside) {
					t.Errorf("got error %v, want ErrOutside", err)
				}
			})
		}
	}
}

func TestUnpackOfDamagedArchives(t *testing.T) {
	t.Parallel()
	whole := tarOf(t, member{"a", "some content", 0o644})
	for name, code := range map[string][]byte{
		"zip": []byte("PK\x03\x04 and no more"), "gzip": []byte("\x1f\x8b and no more"), "cut tar.gz": whole[:len(whole)/2],
	} {
		if err := bundle.Unpack(code, t.TempDir()); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestPackAndUnpackGiveTheSame(t *testing.T) {
	t.Parallel()
	from, to := t.TempDir(), t.TempDir()
	if err := bundle.Unpack(zipOf(t, member{"exec", "#!", 0o755}, member{"a/b", "text", 0o644}, member{"a/l", "b", fs.ModeSymlink | 0o777}), from); err != nil {
		t.Fatal(err)
	}
	var first, second bytes.Buffer
	if err := errors.Join(bundle.Pack(&first, from), bundle.Pack(&second, from)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("the same files gave different bytes")
	}
	if err := bundle.Unpack(first.Bytes(), to); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(tree(t, from), tree(t, to)); diff != "" {
		t.Errorf("(-packed +unpacked):\n%s", diff)
	}
}

func TestRuns(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for content, want := range map[string]bool{"#!/bin/sh": true, "\x7fELF": true, "text": false, "": false} {
		file := filepath.Join(dir, "f")
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		if got := bundle.Runs(file); got != want {
			t.Errorf("%q: got %v", content, got)
		}
	}
	if bundle.Runs(filepath.Join(dir, "nowhere")) {
		t.Error("a file that is not there runs")
	}
}
