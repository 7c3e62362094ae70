package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hearth-faas/hearth/store/seal"
)

func TestSealFileIsMadeOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	up := upCommand{dataSettings: dataSettings{Data: dir}}
	first, err := up.keys()
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, sealFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key file: %v, %v, want one that only its owner reads", info.Mode(), err)
	}
	second, err := up.keys()
	if err != nil || second.ID() != first.ID() {
		t.Errorf("another key at the second start: %v", err)
	}
	up.Redis = "redis://127.0.0.1:1/0"
	if keys, err := up.keys(); keys != nil || err != nil {
		t.Errorf("a shared Redis: got keys, %v", err)
	}
	named := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(named, seal.Generate(), 0o600); err != nil {
		t.Fatal(err)
	}
	up.SealKeyFile = named
	if keys, err := up.keys(); err != nil || keys.ID() == first.ID() {
		t.Errorf("a named file: %v", err)
	}
	if _, err := (sealSettings{named + ".none"}).keys(); err == nil {
		t.Error("a file that is not there was read")
	}
}

func TestResealCommand(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	serve(t, nil, "up", "--addr", "127.0.0.1:0", "--data", dir)
	if got := must(t, nil, "reseal", "--data", dir); !strings.HasPrefix(got, "sealed ") {
		t.Errorf("got %q", got)
	}
}

func TestParametersAreNotInTheFilesOfRedis(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	up := serve(t, nil, "up", "--addr", "127.0.0.1:0", "--data", dir)
	env := []string{"WSK_CONFIG_FILE=" + filepath.Join(dir, propertyFile)}
	const canary = "canary-5d1e"
	code := filepath.Join(t.TempDir(), "ok.js")
	if err := os.WriteFile(code, []byte("function main (p) { return { length: p.secret.length } }"), 0o600); err != nil {
		t.Fatal(err)
	}
	must(t, env, "action", "create", "hello", code, "-p", "secret", canary)
	if got := must(t, env, "invoke", "hello", "-r"); got != "{\n  \"length\": 11\n}\n" {
		t.Errorf("got %q", got)
	}
	if got := must(t, env, "action", "get", "hello"); !strings.Contains(got, canary) || !strings.Contains(got, seal.Cipher) {
		t.Errorf("the owner does not see it, or that it is sealed: %s", got)
	}
	if code := up.end(); code != exitOK {
		t.Fatalf("exit code %d", code)
	}
	seen := 0
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		if strings.Contains(string(text), canary) {
			t.Errorf("the parameter is in %s", path)
		}
		seen += strings.Count(string(text), seal.Cipher)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen == 0 {
		t.Error("nothing that is sealed was found: the test looks in the wrong place")
	}
	if err := os.Rename(filepath.Join(dir, sealFile), filepath.Join(t.TempDir(), "lost")); err != nil {
		t.Fatal(err)
	}
	got := start(t, nil, "", "up", "--addr", "127.0.0.1:0", "--data", dir)
	if got.Code != exitFailed || !strings.Contains(got.Stderr, "sealed with the key") {
		t.Errorf("a start without the key: %+v", got)
	}
}
