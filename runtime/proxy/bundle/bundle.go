// Package bundle unpacks the code of an action, in whichever form it comes,
// and packs folders into zip files.
package bundle

import (
	"bytes"
	"errors"
	"fmt"
	"os"
)

// Form is what code looks like from its first bytes.
type Form int

// The forms of code.
const (
	Source     Form = iota // text, or anything else
	Zip                    // a zip or jar file
	TarGz                  // a tar file under gzip
	Executable             // ELF or Mach-O
	Script                 // text that starts with "#!"
)

// Detect tells the form of code.
func Detect(code []byte) Form {
	for _, m := range []struct {
		magic string
		form  Form
	}{
		{"PK\x03\x04", Zip}, {"PK\x05\x06", Zip},
		{"\x1f\x8b", TarGz},
		{"\x7fELF", Executable},
		{"\xcf\xfa\xed\xfe", Executable}, {"\xce\xfa\xed\xfe", Executable}, {"\xca\xfe\xba\xbe", Executable},
		{"#!", Script},
	} {
		if bytes.HasPrefix(code, []byte(m.magic)) {
			return m.form
		}
	}
	return Source
}

// Runs says whether the kernel can execute the file as it is.
func Runs(file string) bool {
	f, err := os.Open(file)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, 4)
	n, _ := f.Read(head)
	form := Detect(head[:n])
	return form == Executable || form == Script
}

// ErrOutside is the error of an archive with an entry that would be written
// outside of the folder, by its name or through a symbolic link.
var ErrOutside = errors.New("archive entry leads outside of the action's folder")

// Unpack puts code into dir, which must exist. What is no archive becomes the
// file "exec", executable. Nothing is written outside of dir.
func Unpack(code []byte, dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("open the action's folder: %w", err)
	}
	defer root.Close()
	switch Detect(code) {
	case Zip:
		return unzip(code, root)
	case TarGz:
		return untar(code, root)
	default:
		return place(root, entry{name: "exec", mode: 0o755, body: bytes.NewReader(code)})
	}
}
