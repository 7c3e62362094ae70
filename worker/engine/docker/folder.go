package docker

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// socketMax is the longest path that fits sockaddr_un with its closing zero,
// see unix(7).
const socketMax = 107

func socketPath(dir string) string { return filepath.Join(dir, "proxy.sock") }

// newName returns a name that no other container has had.
func newName() string {
	var b [8]byte
	rand.Read(b[:]) // never fails, see its documentation
	return hex.EncodeToString(b[:])
}

// makeFolder makes the folder in which the proxy creates its socket, writable
// for a user that the container alone has. The folder above it lets in nobody
// else on this host.
func (d *Docker) makeFolder(name string) (string, error) {
	dir := filepath.Join(d.options.Dir, name)
	err := os.Mkdir(dir, 0o700)
	if err == nil {
		err = os.Chmod(dir, 0o777) // whatever the umask is
	}
	if err != nil {
		return "", fmt.Errorf("make socket folder: %w", err)
	}
	return dir, nil
}

// sealFolder takes the right to write away once the socket is there. The proxy
// runs no code of an action before it answers, so no action can ever store
// anything in the host's file system.
func sealFolder(dir string) error {
	if err := os.Chmod(dir, 0o755); err != nil {
		return fmt.Errorf("seal socket folder: %w", err)
	}
	return nil
}

// removeFolder deletes a socket folder by its name, with the files beside it.
func (d *Docker) removeFolder(name string) error {
	if name == "" {
		return nil
	}
	if name != filepath.Base(name) || name == ".." || name == "." {
		return errors.New("socket folder has a name of someone else's making")
	}
	if err := errors.Join(os.RemoveAll(d.folder(name)), os.RemoveAll(d.folder(name)+filesSuffix)); err != nil {
		return fmt.Errorf("remove socket folder: %w", err)
	}
	return nil
}

func (d *Docker) folder(name string) string { return filepath.Join(d.options.Dir, name) }
