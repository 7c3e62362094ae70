package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestThePasswordOfAPlatformStays(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var passwords []string
	for range 2 {
		var s apiSettings
		if err := s.ownOperator(dir); err != nil {
			t.Fatal(err)
		}
		got, err := s.admin()
		if err != nil || got.User != "admin" {
			t.Fatalf("got %+v, %v", got, err)
		}
		passwords = append(passwords, got.Password)
	}
	if passwords[0] != passwords[1] {
		t.Errorf("got %q after a restart, want %q", passwords[1], passwords[0])
	}
	info, err := os.Stat(filepath.Join(dir, "gateway-password"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got %v, %v, want a file that only its owner reads", info, err)
	}
}

func TestANamedOperatorIsTheOnlyOne(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := apiSettings{AdminUser: "operator", AdminPasswordFile: "file"}
	if err := s.ownOperator(dir); err != nil || s.AdminUser != "operator" || s.AdminPasswordFile != "file" {
		t.Errorf("got %+v, %v", s, err)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 0 {
		t.Errorf("got %v, %v, want no password made", files, err)
	}
}
