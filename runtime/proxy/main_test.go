package main_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// built is the proxy's file.
var built string

func TestMain(m *testing.M) {
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "proxy")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	built = filepath.Join(dir, "proxy")
	if out, err := exec.Command("go", "build", "-ldflags=-X main.version=1.2.3", "-o", built, ".").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%v: %s", err, out)
		return 1
	}
	return m.Run()
}

func TestFlags(t *testing.T) {
	t.Parallel()
	proxy := built
	compiler := filepath.Join(t.TempDir(), "compiler")
	text := "#!/bin/sh\n(echo '#!/bin/sh'; echo \"# $1 $FLAVOUR\"; cat $2/exec) >$3/exec\n"
	writeScript(t, compiler, text)
	run := func(t *testing.T, env []string, args ...string) (string, string, error) {
		t.Helper()
		var out, errs bytes.Buffer
		cmd := exec.Command(proxy, args...)
		cmd.Env = append(os.Environ(), env...)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader("source\n"), &out, &errs
		err := cmd.Run()
		return out.String(), errs.String(), err
	}

	t.Run("version", func(t *testing.T) {
		t.Parallel()
		if out, _, err := run(t, nil, "-version"); err != nil || out != "Hearth runtime proxy 1.2.3\n" {
			t.Errorf("got %q, %v", out, err)
		}
	})
	t.Run("compile", func(t *testing.T) {
		t.Parallel()
		out, errs, err := run(t, []string{"OW_COMPILER=" + compiler}, "-compile", "entry", "-env", `{"FLAVOUR": "a=b"}`)
		if err != nil {
			t.Fatalf("%v: %s", err, errs)
		}
		z, err := zip.NewReader(strings.NewReader(out), int64(len(out)))
		if err != nil {
			t.Fatal(err)
		}
		f, err := z.Open("exec")
		if err != nil {
			t.Fatal(err)
		}
		if content, _ := io.ReadAll(f); string(content) != "#!/bin/sh\n# entry a=b\nsource\n" {
			t.Errorf("got %q", content)
		}
	})
	t.Run("a compiler that fails", func(t *testing.T) {
		t.Parallel()
		if out, errs, err := run(t, []string{"OW_COMPILER=/bin/false"}, "-compile", "entry"); err == nil || out != "" || errs == "" {
			t.Errorf("got %q, %q, %v", out, errs, err)
		}
	})
	t.Run("an unknown mode", func(t *testing.T) {
		t.Parallel()
		if _, errs, err := run(t, []string{"HEARTH_MODE=other"}); err == nil || !strings.Contains(errs, `"other"`) {
			t.Errorf("got %q, %v", errs, err)
		}
	})
	t.Run("an unknown flag", func(t *testing.T) {
		t.Parallel()
		if _, _, err := run(t, nil, "-nonsense"); err == nil {
			t.Error("no error")
		}
	})
}

func TestTermEndsProxyAndLauncher(t *testing.T) {
	t.Parallel()
	proxy := built
	dir, err := os.MkdirTemp("", "px") // short: it is in the name of a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	pid := filepath.Join(dir, "pid")
	launcher := filepath.Join(dir, "launcher")
	writeScript(t, launcher, "#!/bin/sh\necho $$ >"+pid+".new && mv "+pid+".new "+pid+"\nexec sleep 1000\n")
	cmd := exec.Command(proxy)
	cmd.Env = append(os.Environ(), "HEARTH_SOCKET="+dir+"/s", "HEARTH_DIR="+dir+"/a", "HEARTH_LAUNCHER="+launcher)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	await(t, func() bool { _, err := os.Stat(dir + "/s"); return err == nil })
	await(t, func() bool { _, err := os.Stat(pid); return err == nil })
	child, err := os.ReadFile(pid)
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("got %v, want exit 0", err)
	}
	await(t, func() bool { _, err := os.Stat("/proc/" + strings.TrimSpace(string(child))); return err != nil })
}

// await polls until the condition holds.
func await(t *testing.T, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("waited in vain")
		}
	}
}

// writeScript makes an executable. No process is started meanwhile: one that
// inherited the open file would keep it from being executed.
func writeScript(t *testing.T, file, text string) {
	t.Helper()
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}
