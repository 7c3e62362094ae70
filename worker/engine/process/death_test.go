package process_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/hearth-faas/hearth/worker/engine"
	"github.com/hearth-faas/hearth/worker/engine/enginetest"
	"github.com/hearth-faas/hearth/worker/engine/process"
)

// workerEnv makes the test program a worker that starts one process of the
// program it names, and then waits to be killed.
const workerEnv = "HEARTH_TEST_WORKER"

func worker(program string) int {
	dir, err := os.MkdirTemp("", "hearth")
	if err != nil {
		fmt.Println(err)
		return 1
	}
	p, err := process.New(process.Options{Dir: dir, Runtimes: []process.Runtime{{Image: image, Command: []string{program}}}})
	if err == nil {
		_, err = p.Create(context.Background(), engine.Spec{
			Image: image, Env: map[string]string{"PRINT_PID": "yes"}, Output: engine.Output{Stdout: os.Stdout},
		})
	}
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println(dir)
	select {}
}

func TestProcessesDieWithTheWorker(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(self)
	command.Env = append(os.Environ(), workerEnv+"="+program)
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	var pid, dir string
	for lines := bufio.NewScanner(out); (pid == "" || dir == "") && lines.Scan(); {
		if found, ok := strings.CutPrefix(lines.Text(), "pid "); ok {
			pid = found
		} else {
			dir = lines.Text()
		}
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if pid == "" || !alive(pid) {
		t.Errorf("process %q does not run; the worker said %q", pid, dir)
	}
	if err := command.Process.Kill(); err != nil {
		t.Errorf("kill worker: %v", err)
	}
	_ = command.Wait() // it was killed
	enginetest.Await(t, "the end of the process", func() bool { return !alive(pid) })
}
