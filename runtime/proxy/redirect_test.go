package main_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestThePipesBesideTheSocketTakeTheOutput(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name         string
		make         func(path string) error
		piped, plain bool // where the complaint about the mode is to be found
	}{
		{"pipes", func(path string) error { return syscall.Mkfifo(path, 0o600) }, true, false},
		{"files are no pipes", func(path string) error { return os.WriteFile(path, nil, 0o600) }, false, true},
		{"nothing there", func(string) error { return nil }, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for _, name := range []string{"stdout", "stderr"} {
				if err := c.make(filepath.Join(dir, name)); err != nil {
					t.Fatal(err)
				}
			}
			piped := make([]byte, 1024)
			n := 0
			// Open for both, so that nobody waits for the other side.
			pipe, err := os.OpenFile(filepath.Join(dir, "stderr"), os.O_RDWR, 0)
			if err == nil {
				defer pipe.Close()
			}
			var plain bytes.Buffer
			cmd := exec.Command(built)
			cmd.Env = append(os.Environ(), "HEARTH_MODE=other", "HEARTH_SOCKET="+filepath.Join(dir, "proxy.sock"))
			cmd.Stderr = &plain
			if err := cmd.Run(); err == nil {
				t.Error("an unknown mode: no error")
			}
			if c.piped {
				n, _ = pipe.Read(piped)
			} else if pipe != nil {
				if info, err := pipe.Stat(); err != nil || info.Size() > 0 {
					t.Errorf("the file got %d bytes, %v", info.Size(), err)
				}
			}
			const complaint = `"other"`
			if got := strings.Contains(string(piped[:n]), complaint); got != c.piped {
				t.Errorf("through the pipe came %q", piped[:n])
			}
			if got := strings.Contains(plain.String(), complaint); got != c.plain {
				t.Errorf("on the stream that it was started with came %q", plain.String())
			}
		})
	}
}
