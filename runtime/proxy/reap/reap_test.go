package reap_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hearth-faas/hearth/runtime/proxy/reap"
)

// prSetChildSubreaper makes orphaned descendants ours, as PID 1's are.
const prSetChildSubreaper = 36

func TestOrphansAreBuriedAndOwnChildrenKeepTheirStatus(t *testing.T) {
	if _, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, prSetChildSubreaper, 1, 0); errno != 0 {
		t.Fatal(errno)
	}
	ctx, cancel := context.WithCancel(t.Context())
	r := reap.New()
	var loop sync.WaitGroup
	loop.Go(func() { r.Run(ctx) })
	defer loop.Wait()
	defer cancel()

	var commands sync.WaitGroup
	for i := range 20 {
		commands.Go(func() {
			var out bytes.Buffer
			cmd := exec.Command("sh", "-c", fmt.Sprintf("(sh -c 'exit 1' </dev/null >/dev/null 2>&1 & echo $!); exit %d", i))
			cmd.Stdout = &out
			if err := r.Start(cmd); err != nil {
				t.Error(err)
				return
			}
			_ = r.Wait(cmd)
			if got := cmd.ProcessState.ExitCode(); got != i {
				t.Errorf("exit code of our own child: got %d, want %d", got, i)
			}
			orphan := strings.TrimSpace(out.String())
			deadline := time.Now().Add(30 * time.Second)
			for {
				stat, err := os.ReadFile("/proc/" + orphan + "/stat")
				if err != nil || !strings.Contains(string(stat), ") Z ") && !strings.Contains(string(stat), "(sh)") {
					return
				}
				if time.Now().After(deadline) {
					t.Errorf("orphan %s is still there: %s", orphan, stat)
					return
				}
				time.Sleep(10 * time.Millisecond)
			}
		})
	}
	commands.Wait()
}
