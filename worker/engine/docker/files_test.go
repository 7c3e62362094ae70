package docker_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hearth-faas/hearth/worker/engine"
	"github.com/hearth-faas/hearth/worker/engine/docker"
	"github.com/hearth-faas/hearth/worker/engine/enginetest"
)

func TestFilesOfAContainerAreGoneWithIt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := setup(t, func(o *docker.Options) { o.Dir = dir })
	left := func() []string {
		t.Helper()
		all, err := filepath.Glob(filepath.Join(dir, "*", "*"))
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	b := enginetest.Create(t, enginetest.Target{Engine: d, Image: shared.exposed, Foreign: true}, func(s *engine.Spec) {
		s.Files = map[string][]byte{"/var/openfaas/secrets/key": []byte("x")}
	})
	files := left()
	if len(files) != 1 {
		t.Fatalf("files on this host: %v", files)
	}
	if info, err := os.Stat(files[0]); err != nil || info.Mode().Perm() != 0o444 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	for _, m := range inspect(t, b.ID).Mounts {
		if m.Destination != "/var/openfaas/secrets/key" || m.RW {
			t.Errorf("mounted %+v", m)
		}
	}
	if err := d.Remove(t.Context(), b.ID); err != nil {
		t.Fatal(err)
	}
	if files := left(); len(files) != 0 {
		t.Errorf("left on this host: %v", files)
	}
}

func TestForeignImageWithAReadOnlyRoot(t *testing.T) {
	t.Parallel()
	b := enginetest.Create(t, enginetest.Target{Engine: setup(t, nil), Image: shared.exposed, Foreign: true}, func(s *engine.Spec) {
		s.ReadOnly = true
		s.Files = map[string][]byte{"/var/openfaas/secrets/key": []byte("x")}
	})
	for path, want := range map[string]string{"/tmp/file": "ok", "/file": "error: "} {
		if got := b.Get(t, "/write?mb=0&path="+path); !strings.HasPrefix(got, want) {
			t.Errorf("write %s: %s, want %s", path, got, want)
		}
	}
	if got := b.Get(t, "/read?path=/var/openfaas/secrets/key"); got != "x" {
		t.Errorf("read %q", got)
	}
}
