package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/hearth-faas/hearth/core"
)

// propertyFile tells clients of the platform where it is and with which key.
// Its form is that of WSK_CONFIG_FILE.
const propertyFile = "wskprops"

// writeProperties writes the property file of a data folder. It replaces the
// file as a whole, so that nobody reads half of it.
func writeProperties(dir, url string, key core.Credentials) error {
	text := "APIHOST=" + url + "\nAUTH=" + key.String() + "\n"
	if err := replaceFile(filepath.Join(dir, propertyFile), []byte(text)); err != nil {
		return fmt.Errorf("write %s: %w", propertyFile, err)
	}
	return nil
}

// replaceFile writes a file that only its owner can read.
func replaceFile(name string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // gone already when all went well
	if _, err := f.Write(content); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
