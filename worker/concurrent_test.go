package worker_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/runtime/images"
	"github.com/hearth-faas/hearth/worker/engine"
	"github.com/hearth-faas/hearth/worker/engine/process"
)

// nodejs is an engine whose containers are the real proxy and launcher.
func (p *platform) nodejs() engine.Engine {
	p.t.Helper()
	dir, err := os.MkdirTemp("", "hw")
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = os.RemoveAll(dir) })
	proxy, launchers := filepath.Join(dir, "proxy"), filepath.Join(dir, "l")
	if out, err := exec.CommandContext(p.t.Context(), "go", "build", "-o", proxy, "github.com/hearth-faas/hearth/runtime/proxy").CombinedOutput(); err != nil {
		p.t.Fatalf("build the proxy: %v\n%s", err, out)
	}
	if err := images.Install(launchers); err != nil {
		p.t.Fatal(err)
	}
	host, ok := images.HostFor("hearth/runtime-nodejs:24", launchers)
	if !ok {
		p.t.Fatal("nodejs does not run on a host")
	}
	env := map[string]string{}
	for _, kv := range host.Env {
		key, value, _ := strings.Cut(kv, "=")
		env[key] = value
	}
	e, err := process.New(process.Options{
		Deployment: "test", Worker: "w1", Boot: "b1", Dir: filepath.Join(dir, "c"),
		Runtimes: []process.Runtime{{Image: "hearth/runtime-test:1", Command: []string{proxy}, Env: env}},
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return e
}

// shared makes an action whose container takes so many at once.
func shared(n int) func(*control.ActionPatch) {
	return func(patch *control.ActionPatch) { patch.Limits.Concurrency = &n }
}

// Every run prints on both streams, in pieces and across pauses, and waits
// until all are there.
const chatter = `
let here = 0, go
const all = new Promise((resolve) => { go = resolve })
async function main({ n, do: calls }) {
  console.log('begin', n)
  process.stdout.write('half ' + n)
  if (++here === Number(calls)) go()
  await all
  process.stdout.write(' and half ' + n + '\n')
  await new Promise((resolve) => setTimeout(resolve, 1))
  console.error('warn ' + n + '\nagain ' + n)
  await null
  process.stdout.write(Buffer.from('end ' + n))
  return { pid: process.pid }
}`

func TestEachOfManyInOneContainerGetsItsOwnLines(t *testing.T) {
	t.Parallel()
	const calls = 20
	p := setup(t)
	opt := small(256)
	opt.Slots = calls
	w, _ := p.work(p.nodejs(), opt)
	n := p.action("a", chatter, shared(calls))
	var ids []core.ActivationID
	for i := range calls {
		ids = append(ids, p.invoke(n, fmt.Sprint(calls), i))
	}
	for i, id := range ids {
		a := p.record(id)
		p.said(a)
		got := map[string][]string{}
		for _, line := range texts(a) {
			stream, text, _ := strings.Cut(line, ": ")
			got[stream] = append(got[stream], text)
		}
		want := map[string][]string{
			"stdout": {fmt.Sprintf("begin %d", i), fmt.Sprintf("half %d and half %d", i, i), fmt.Sprintf("end %d", i)},
			"stderr": {fmt.Sprintf("warn %d", i), fmt.Sprintf("again %d", i)},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("run %d (-want +got):\n%s", i, diff)
		}
	}
	if s := w.Stats().Pool; s.Cold != 1 || s.Warm != calls-1 {
		t.Errorf("%d cold, %d warm, want one container", s.Cold, s.Warm)
	}
}

func TestATimeLimitInASharedContainerIsKeptWithoutItsSiblings(t *testing.T) {
	t.Parallel()
	p := setup(t)
	w, _ := p.work(p.processes("w1", "b1"), small(512))
	n := p.action("a", "", shared(2))
	before := p.said(p.run(n, "", 0))
	sibling := p.invoke(n, "sleep", 10*60_000)
	p.eventually("the sibling runs", func() bool { return w.Stats().Pool.Warm == 1 })
	call := p.call(n, "sleep", 10*60_000)
	limited := *call.Target.Action
	limited.Limits.Timeout = 200 * time.Millisecond
	call.Target.Action = &limited
	a, err := p.plane.InvokeAndWait(t.Context(), call, patience)
	if err != nil {
		t.Fatal(err)
	}
	if a.State != core.StateDone || !a.Outcome.TimedOut {
		t.Errorf("got %s, timed out: %v, %s", a.State, a.Outcome.TimedOut, a.Outcome.Result)
	}
	if s := w.Stats(); s.Busy == 0 || s.Pool.Busy != 1 {
		t.Errorf("the sibling has ended: %+v", s)
	}
	if after := p.said(p.run(n, "", 0)); after.PID == before.PID {
		t.Error("a container in which an action hangs was given to the next")
	}
	if err := p.plane.Cancel(t.Context(), p.who, sibling); err != nil {
		t.Fatal(err)
	}
	p.eventually("the container goes with the sibling", func() bool { return w.Stats().Pool.MemoryUsed == 256 })
}
