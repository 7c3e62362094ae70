package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// The operator of a platform on one machine: hearth up makes the password, and
// keeps it in the data folder under this name.
const (
	operatorName = "admin"
	passwordFile = "gateway-password"
)

// ownOperator lets the operator in who can read the data folder, unless the
// settings name another.
func (s *apiSettings) ownOperator(dir string) error {
	if s.AdminUser != "" {
		return nil
	}
	file := filepath.Join(dir, passwordFile)
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		if err := replaceFile(file, []byte(rand.Text()+"\n")); err != nil {
			return fmt.Errorf("write %s: %w", passwordFile, err)
		}
	}
	s.AdminUser, s.AdminPasswordFile = operatorName, file
	return nil
}
