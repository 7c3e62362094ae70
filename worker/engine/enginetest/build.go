package enginetest

import (
	"archive/tar"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// ServerName is the file name of the program that Build makes.
const ServerName = "server"

// Build compiles the program of the test containers, static, into dir, and
// returns its path. Call it from TestMain, once.
func Build(dir string) (string, error) {
	path := filepath.Join(dir, ServerName)
	command := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", path,
		"github.com/hearth-faas/hearth/worker/engine/enginetest/server")
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build test server: %w: %s", err, text)
	}
	return path, nil
}

// Layer packs the program as the only file of an image, in the form that
// docker import takes.
func Layer(program string) ([]byte, error) {
	text, err := os.ReadFile(program)
	if err != nil {
		return nil, fmt.Errorf("read test server: %w", err)
	}
	var layer bytes.Buffer
	w := tar.NewWriter(&layer)
	if err := w.WriteHeader(&tar.Header{Name: ServerName, Mode: 0o755, Size: int64(len(text))}); err != nil {
		return nil, fmt.Errorf("pack test server: %w", err)
	}
	if _, err := w.Write(text); err != nil {
		return nil, fmt.Errorf("pack test server: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("pack test server: %w", err)
	}
	return layer.Bytes(), nil
}
