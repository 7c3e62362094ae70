package worker_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/hearth-faas/hearth/control"
	"github.com/hearth-faas/hearth/core"
	"github.com/hearth-faas/hearth/runtime/kinds"
	"github.com/hearth-faas/hearth/worker/engine"
	"github.com/hearth-faas/hearth/worker/engine/docker"
)

// containers is the engine that the platform is made for. It has no ready
// sandboxes, so that nothing of it runs in the background.
func (p *platform) containers(boot string) engine.Engine {
	p.t.Helper()
	dir, err := os.MkdirTemp("", "hw")
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = os.RemoveAll(dir) })
	d, err := docker.New(context.Background(), docker.Options{
		Deployment: "test-" + string(core.NewActivationID()[:12]), Worker: "w1", Boot: boot, Dir: dir, Sandboxes: -1,
	})
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = d.Close() })
	return d
}

// TestInContainers runs the real runtime for Node.js in real containers.
func TestInContainers(t *testing.T) {
	t.Parallel()
	p := setup(t)
	p.kinds = kinds.Default()
	eng := p.containers("b1")
	w, stop := p.work(eng, small(512))
	node := func(name, code string) core.Name {
		return p.action(name, "", func(patch *control.ActionPatch) {
			small := 128
			patch.Exec = &core.Exec{Kind: "nodejs:24", Code: []byte(code)}
			patch.Limits.Memory = &small
		})
	}
	hello := node("hello", `let n = 0; function main(p) { console.log("do", p.do); console.error("n", ++n); return {n} }`)
	for i, want := range []string{`{"n":1}`, `{"n":2}`} {
		a := p.run(hello, "it", 0)
		if string(a.Outcome.Result) != want || (a.Outcome.InitTime > 0) != (i == 0) {
			t.Errorf("run %d: got %s, init %s, want %s", i, a.Outcome.Result, a.Outcome.InitTime, want)
		}
		logs := strings.Join(texts(a), "\n")
		if len(a.Outcome.Logs) != 2 || !strings.Contains(logs, "stdout: do it") || !strings.Contains(logs, "stderr: n ") {
			t.Errorf("run %d: got logs %q", i, logs)
		}
	}
	for name, tt := range map[string]struct {
		code, want, says string
	}{
		"memory": {`function main() { const a = []; for (;;) a.push(Buffer.alloc(1 << 20, 1)) }`,
			`{"error":"The action exhausted its memory and was aborted."}`, lineError},
		"exit": {`function main() { process.stdout.write("last words"); process.exit(3) }`,
			`{"error":"command exited"}`, "stdout: last words"},
		"syntax": {`function main() {`, "SyntaxError", lineError},
	} {
		a := p.run(node(name, tt.code), "", 0)
		if a.Outcome.Status != core.StatusDeveloperError || !strings.Contains(string(a.Outcome.Result), tt.want) {
			t.Errorf("%s: got %s %s, want %s", name, a.Outcome.Status, a.Outcome.Result, tt.want)
		}
		if logs := strings.Join(texts(a), "\n"); !strings.Contains(logs, tt.says) {
			t.Errorf("%s: got logs %q, want %q among them", name, logs, tt.says)
		}
	}
	if s := w.Stats(); s.Pool.Memory != 512 || s.Pool.MemoryUsed > 512 {
		t.Errorf("got %+v", s.Pool)
	}
	stop()
	// A daemon that was told to remove a container may still list it.
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		left, err := eng.List(t.Context())
		if err == nil && len(left) == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d containers are left: %v, %v", len(left), left, err)
		}
	}
}
