package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// redirect puts the named pipes stdout and stderr of the folder in the place
// of the streams of this process, which its children inherit. Where there are
// none, nothing changes.
//
// They are opened for reading too: while this process lives nobody who prints
// is killed because the platform has stopped to listen.
func redirect(dir string) error {
	for fd, name := range []string{1: "stdout", 2: "stderr"} {
		if name == "" {
			continue
		}
		path := filepath.Join(dir, name)
		info, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("look for pipe: %w", err)
		}
		if info.Mode().Type() != fs.ModeNamedPipe {
			continue
		}
		pipe, err := syscall.Open(path, syscall.O_RDWR|syscall.O_CLOEXEC, 0)
		if err != nil {
			return fmt.Errorf("open pipe %s: %w", path, err)
		}
		if err := errors.Join(syscall.Dup3(pipe, fd, 0), syscall.Close(pipe)); err != nil {
			return fmt.Errorf("print to pipe %s: %w", path, err)
		}
	}
	return nil
}
