package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/hearth-faas/hearth/store/seal"
)

// sealFile is the key file that hearth up makes for a Redis of its own.
const sealFile = "seal-key"

// sealSettings say with what parameters are sealed in Redis.
type sealSettings struct {
	SealKeyFile string `group:"Settings" placeholder:"FILE" help:"Seal parameters in Redis with the keys in this file, one a line in hexadecimal: the first seals, all of them open. Every process needs it."`
}

// keys reads the file that is named; nil without one.
func (s sealSettings) keys() (*seal.Keys, error) {
	if s.SealKeyFile == "" {
		return nil, nil //nolint:nilnil // no keys are keys that seal nothing
	}
	text, err := os.ReadFile(s.SealKeyFile)
	if err != nil {
		return nil, fmt.Errorf("read the sealing keys: %w", err)
	}
	keys, err := seal.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("read the sealing keys in %s: %w", s.SealKeyFile, err)
	}
	return keys, nil
}

// keys are those that are named; or, for a Redis of its own, those of the data
// folder, made there at the first start. Who shares a Redis has to give all
// processes the same.
func (c upCommand) keys() (*seal.Keys, error) {
	if c.SealKeyFile != "" || c.Redis != "" {
		return c.sealSettings.keys()
	}
	file := filepath.Join(c.Data, sealFile)
	if err := makeSealFile(file); err != nil {
		return nil, err
	}
	return sealSettings{file}.keys()
}

// makeSealFile makes a file with a new key, unless there is one. It is there
// as a whole or not at all.
func makeSealFile(file string) error {
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	draft := file + ".new"
	if err := os.WriteFile(draft, seal.Generate(), 0o600); err != nil {
		return fmt.Errorf("make the sealing key: %w", err)
	}
	if err := os.Rename(draft, file); err != nil {
		return fmt.Errorf("make the sealing key: %w", err)
	}
	return nil
}

// keysNear are those that the processes of the platform use: of the file that
// is named, or else of the data folder, also where its Redis is given as a URL.
func (s sealSettings) keysNear(data string) (*seal.Keys, error) {
	file := filepath.Join(data, sealFile)
	if _, err := os.Stat(file); s.SealKeyFile == "" && err == nil {
		return sealSettings{file}.keys()
	}
	return s.keys()
}
