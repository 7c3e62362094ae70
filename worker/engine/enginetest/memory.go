package enginetest

import (
	"testing"

	"github.com/hearth-faas/hearth/worker/engine"
)

func small(s *engine.Spec) { s.Memory = 64 }

func testOutOfMemory(t *testing.T, target Target) {
	b := Create(t, target, small)
	if _, err := b.TryGet(t.Context(), "/allocate?mb=200"); err == nil {
		t.Fatal("the server has more memory than its container")
	}
	var status engine.Status
	Await(t, "the end of the container", func() bool {
		status = inspect(t, target, b.ID)
		return !status.Running
	})
	if !status.OOMKilled || status.ExitCode != 137 {
		t.Errorf("status = %+v, want killed for memory with code 137", status)
	}
}

func testChildOutOfMemory(t *testing.T, target Target) {
	b := Create(t, target, small)
	if got, want := b.Get(t, "/child?mb=200"), "error: signal: killed"; got != want {
		t.Fatalf("child = %q, want %q", got, want)
	}
	if status := inspect(t, target, b.ID); !status.Running || !status.OOMKilled {
		t.Errorf("status = %+v, want running, and a process killed for memory", status)
	}
	b.Get(t, "/ticks")
}

func testKilled(t *testing.T, target Target) {
	b := Create(t, target, small)
	exit(t, b, "137")
	if status, want := inspect(t, target, b.ID), (engine.Status{ExitCode: 137}); status != want {
		t.Errorf("status = %+v, want %+v", status, want)
	}
}
