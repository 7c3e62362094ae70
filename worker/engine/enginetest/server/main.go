// Command server is the program in the containers of enginetest. It listens
// like the proxy of our images and does what it is asked to, good or bad.
package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/hearth-faas/hearth/worker/engine"
)

const mb = 1 << 20

func main() {
	if len(os.Args) > 1 {
		child(os.Args[1:])
		return
	}
	redirect()
	fmt.Fprint(os.Stdout, os.Getenv("PRINT_STDOUT"))
	fmt.Fprint(os.Stderr, os.Getenv("PRINT_STDERR"))
	if os.Getenv("PRINT_PID") != "" {
		fmt.Fprintln(os.Stdout, "pid", os.Getpid())
	}
	if code := os.Getenv("EXIT"); code != "" {
		os.Exit(number(code))
	}
	if os.Getenv("DEAF") != "" {
		time.Sleep(time.Hour)
	}
	listener, err := listen()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Fprintln(os.Stderr, http.Serve(listener, routes()))
	os.Exit(1)
}

// redirect does what the proxy does where there are named pipes for output.
func redirect() {
	dir := filepath.Dir(os.Getenv(engine.EnvSocket))
	for fd, name := range map[int]string{1: engine.PipeStdout, 2: engine.PipeStderr} {
		if pipe, err := syscall.Open(filepath.Join(dir, name), syscall.O_RDWR|syscall.O_CLOEXEC, 0); err == nil {
			_ = syscall.Dup3(pipe, fd, 0)
			_ = syscall.Close(pipe)
		}
	}
}

func listen() (net.Listener, error) {
	path := os.Getenv(engine.EnvSocket)
	if path == "" {
		return net.Listen("tcp", ":8080")
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	return listener, os.Chmod(path, 0o666)
}

// child is what the server runs as a process of its own.
func child(args []string) {
	switch args[0] {
	case "allocate":
		allocate(number(args[1]))
	case "sleep":
		time.Sleep(time.Hour)
	}
}

func routes() *http.ServeMux {
	var ticks atomic.Int64
	go func() {
		for range time.Tick(time.Millisecond) {
			ticks.Add(1)
		}
	}()
	mux := http.NewServeMux()
	handle := func(pattern string, do func(q func(string) string) any) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, do(r.URL.Query().Get))
		})
	}
	handle("/ticks", func(func(string) string) any { return ticks.Load() })
	handle("/env", func(q func(string) string) any { return os.Getenv(q("name")) })
	handle("/read", func(q func(string) string) any { return read(q("path")) })
	handle("/write", func(q func(string) string) any { return errorText(write(q("path"), number(q("mb")))) })
	handle("/dial", func(q func(string) string) any { return errorText(dial(q("network"), q("address"))) })
	handle("/print", func(q func(string) string) any {
		fmt.Fprint(os.Stdout, q("stdout"))
		fmt.Fprint(os.Stderr, q("stderr"))
		return "ok"
	})
	handle("/exit", func(q func(string) string) any {
		fmt.Fprint(os.Stdout, q("stdout"))
		fmt.Fprint(os.Stderr, q("stderr"))
		os.Exit(number(q("code")))
		return nil
	})
	handle("/allocate", func(q func(string) string) any { allocate(number(q("mb"))); return "ok" })
	handle("/child", func(q func(string) string) any {
		return errorText(exec.Command("/proc/self/exe", "allocate", q("mb")).Run())
	})
	handle("/spawn", func(q func(string) string) any { return spawn(number(q("count"))) })
	handle("/fork", func(q func(string) string) any { return fork(number(q("count"))) })
	handle("/open", func(q func(string) string) any { return open(number(q("count"))) })
	return mux
}

// allocate takes memory and touches it, so that it is really taken.
func allocate(size int) {
	block := make([]byte, size*mb)
	for i := 0; i < len(block); i += 4096 {
		block[i] = 1
	}
	fmt.Fprintln(os.Stdout, "allocated", len(block))
}

// fork starts up to count sleeping children and returns how many there are.
func fork(count int) int {
	for i := range count {
		if exec.Command("/proc/self/exe", "sleep").Start() != nil {
			return i
		}
	}
	return count
}

// spawn is fork for who wants the process ids.
func spawn(count int) string {
	var pids []string
	for range count {
		command := exec.Command("/proc/self/exe", "sleep")
		if command.Start() == nil {
			pids = append(pids, strconv.Itoa(command.Process.Pid))
		}
	}
	return strings.Join(pids, " ")
}

// open opens up to count files and returns how many it got.
func open(count int) int {
	var files []*os.File
	defer func() {
		for _, f := range files {
			f.Close()
		}
	}()
	for range count {
		f, err := os.Open("/proc/self/exe")
		if err != nil {
			break
		}
		files = append(files, f)
	}
	return len(files)
}

// read reads a file, or one below the home folder where there is none.
func read(path string) string {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		text, err = os.ReadFile(filepath.Join(os.Getenv("HOME"), path))
	}
	if err != nil {
		return errorText(err)
	}
	return string(text)
}

func write(path string, size int) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	block := make([]byte, mb)
	for range size {
		if _, err := f.Write(block); err != nil {
			return cmp.Or(err, f.Close())
		}
	}
	return f.Close()
}

func dial(network, address string) error {
	conn, err := net.DialTimeout(network, address, 2*time.Second)
	if err != nil {
		return err
	}
	return conn.Close()
}

func errorText(err error) string {
	if err != nil {
		return "error: " + err.Error()
	}
	return "ok"
}

func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		panic(err)
	}
	return n
}
