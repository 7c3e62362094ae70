package sentinel_test

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/hearth-faas/hearth/runtime/proxy/sentinel"
)

func TestMain(m *testing.M) {
	if os.Getenv("CLOSE_STREAMS") != "" {
		sentinel.Standard().Close()
		return
	}
	os.Exit(m.Run())
}

func TestCloseWaitsForRoomInANonBlockingPipe(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	fd := int(w.Fd())
	if err := syscall.SetNonblock(fd, true); err != nil {
		t.Fatal(err)
	}
	filler := bytes.Repeat([]byte("x"), 1<<10)
	filled := 0
	for {
		n, err := syscall.Write(fd, filler)
		if err != nil {
			break
		}
		filled += n
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "CLOSE_STREAMS=1")
	// A file with the pipe's own description, and so non-blocking.
	cmd.Stdout, cmd.Stderr = w, w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if err := syscall.SetNonblock(fd, true); err != nil { // Start made it blocking
		t.Fatal(err)
	}
	_ = w.Close()
	all, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if got, want := string(all[filled:]), strings.Repeat(sentinel.Line+"\n", 2); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
