package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestOperatorsPasswordIsRead(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "password")
	for _, c := range []struct {
		name, text, want string
		fails            bool
	}{
		{"ok, a line", "of this place\n", "of this place", false},
		{"ok, without its end", "of this place", "of this place", false},
		{"nok, too short", "short\n", "", true},
		{"nok, empty", "", "", true},
	} {
		if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := apiSettings{AdminUser: "operator", AdminPasswordFile: file}.admin()
		if got.Password != c.want || (err != nil) != c.fails {
			t.Errorf("%s: got %q, %v", c.name, got.Password, err)
		}
	}
	if got, err := (apiSettings{}).admin(); err != nil || got.User != "" {
		t.Errorf("nothing set: got %q, %v", got.User, err)
	}
	if _, err := (apiSettings{AdminUser: "operator", AdminPasswordFile: file + ".none"}).admin(); err == nil {
		t.Error("a file that is not there was read")
	}
	if err := (apiSettings{AdminUser: "operator"}).check(); err == nil {
		t.Error("a name without a password was accepted")
	}
}
