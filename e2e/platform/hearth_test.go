package platform_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hearth-faas/hearth/e2e/platform"
)

// program writes a script that stands in for the real one.
func program(t *testing.T, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "hearth")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestUpReadsAddressAndKey(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	hearth := program(t, fmt.Sprintf(`
printf 'APIHOST=http://127.0.0.1:7\nAUTH=id:secret\n' > %s/wskprops
echo "args $*"
echo "hearth is ready on http://127.0.0.1:7"
exec sleep 60`, data))
	h, err := platform.Up(soon(t), hearth, platform.Command{}, data, "--engine", "process")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Kill() })
	if h.URL != "http://127.0.0.1:7" || h.Auth != "id:secret" {
		t.Errorf("URL %q, auth %q", h.URL, h.Auth)
	}
	if want := "args up --addr 127.0.0.1:0 --data " + data + " --engine process"; !strings.Contains(h.Output(), want) {
		t.Errorf("output %q lacks %q", h.Output(), want)
	}
}

func TestUpShowsWhyItDidNotStart(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, err := platform.Up(ctx, program(t, `echo no redis; exit 1`), platform.Command{}, t.TempDir())
	if err == nil || !strings.Contains(err.Error(), "no redis") {
		t.Errorf("error %v, want one that shows the output", err)
	}
}
